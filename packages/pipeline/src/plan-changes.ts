import { canonicalJson } from './canonical-json.ts';
import { isSameInput } from './plan.ts';
import type { Plan, PlannedInput } from './plan.ts';

/** As many changes are named, the others are counted. */
const NAMED = 5;
const SHOWN_CHARACTERS = 60;

/** What is different between two plans, in words: settings by their path with both values, inputs by their name. */
export function planChanges(before: Plan, now: Plan): string[] {
  return [...valueChanges('', before.settings, now.settings), ...inputChanges(before.inputs, now.inputs)];
}

/** The changes in one line. */
export function listChanges(changes: readonly string[]): string {
  const more = changes.length > NAMED ? ` and ${changes.length - NAMED} more` : '';
  return changes.slice(0, NAMED).join('; ') + more;
}

function valueChanges(path: string, before: unknown, now: unknown): string[] {
  if (isObject(before) && isObject(now)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
    return names.flatMap((name) => valueChanges(path ? `${path}.${name}` : name, before[name], now[name]));
  }
  if (show(before) === show(now)) return [];
  if (path === 'module') return ['the code of the steps module'];
  return [`${path} was ${shorten(before)} and is ${shorten(now)}`];
}

function inputChanges(before: readonly PlannedInput[], now: readonly PlannedInput[]): string[] {
  const known = new Map(before.map((input) => [input.input, input]));
  const names = new Set(now.map(({ input }) => input));
  const gone = before.filter(({ input }) => !names.has(input)).map(({ input }) => `the input ${input} is gone`);
  const fresh = now.flatMap((input) => {
    const old = known.get(input.input);
    if (old === undefined) return [`the input ${input.input} is new`];
    if (!isSameInput(old, input)) return [`the input ${input.input} has changed${sizes(old, input)}`];
    return show(old.splits) === show(input.splits) ? [] : [`the input ${input.input} is split otherwise`];
  });
  const changes = [...gone, ...fresh];
  const isReordered = changes.length === 0 && before.some(({ input }, index) => input !== now[index].input);
  return isReordered ? ['the inputs are in another order'] : changes;
}

function sizes(before: PlannedInput, now: PlannedInput): string {
  if (before.size === now.size) return ' (another time of change)';
  return ` (${before.size ?? 'no'} bytes before, ${now.size ?? 'none'} now)`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'not set' : canonicalJson(value);
}

function shorten(value: unknown): string {
  const text = show(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
