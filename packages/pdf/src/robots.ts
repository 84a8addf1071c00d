/** A line of robots.txt that allows or forbids paths. */
interface Rule {
  allow: boolean;
  pattern: string;
}

/** Larger files are read up to here (RFC 9309, 2.5). */
export const MAXIMUM_ROBOTS_BYTES = 500 * 1024;
const MAXIMUM_RULES = 5000;
const MAXIMUM_PATTERN = 1024;

/**
 * Whether robots.txt lets an agent fetch a path (RFC 9309): the longest rule of the agent's own group decides, else of the group `*`;
 * of equally long ones the one that allows.
 *
 * @param text of robots.txt
 * @param agent the agent's product token, like `smol-pdf`
 * @param path with its query
 */
export function isAllowed(text: string, agent: string, path: string): boolean {
  const rules = rulesFor(text.slice(0, MAXIMUM_ROBOTS_BYTES), agent.toLowerCase());
  let [decision, length] = [true, -1];
  for (const { allow, pattern } of rules) {
    if (pattern === '' || !matches(pattern, path)) continue;
    if (pattern.length > length || (pattern.length === length && allow)) [decision, length] = [allow, pattern.length];
  }
  return decision;
}

function rulesFor(text: string, agent: string): Rule[] {
  const groups = new Map<string, Rule[]>();
  let agents: string[] = [];
  let isHead = false;
  for (const line of text.split(/\r\n?|\n/)) {
    const [, key = '', value = ''] = /^\s*([a-z-]+)\s*:\s*([^#]*)/i.exec(line) ?? [];
    const name = key.toLowerCase();
    if (name === 'user-agent') {
      agents = isHead ? [...agents, value.trim().toLowerCase()] : [value.trim().toLowerCase()];
      isHead = true;
    } else if (name === 'allow' || name === 'disallow') {
      isHead = false;
      for (const one of agents) addRule(groups, one, { allow: name === 'allow', pattern: value.trim() });
    }
  }
  return groups.get(agent) ?? groups.get('*') ?? [];
}

function addRule(groups: Map<string, Rule[]>, agent: string, rule: Rule): void {
  const rules = groups.get(agent) ?? [];
  if (rules.length < MAXIMUM_RULES && rule.pattern.length <= MAXIMUM_PATTERN) rules.push(rule);
  groups.set(agent, rules);
}

/** `*` stands for anything, `$` at the end for the end; parts are looked for one after another, so that no pattern is slow. */
function matches(pattern: string, path: string): boolean {
  const anchored = pattern.endsWith('$');
  const parts = (anchored ? pattern.slice(0, -1) : pattern).split('*');
  if (!path.startsWith(parts[0])) return false;
  let at = parts[0].length;
  for (const [index, part] of parts.entries()) {
    if (index === 0) continue;
    if (anchored && index === parts.length - 1) return path.length - part.length >= at && path.endsWith(part);
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return !anchored || at === path.length;
}
