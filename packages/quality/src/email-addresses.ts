/**
 * Finds what datatrove's e-mail pattern matches, in linear time. The pattern, run as it is, backtracks quadratically on
 * long runs of letters and dashes; here each `@` is looked at once, to the left by hand and to the right by a sticky pattern.
 */
import type { Preset } from './preset.ts';

/** A match in UTF-16 units, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

interface Grammar {
  /** One character of the local part, dots aside. */
  readonly atom: RegExp;
  /** What follows the `@`, at lastIndex. */
  readonly domain: RegExp;
}

const OCTET = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)';

function grammar(letters: string): Grammar {
  const alphanumeric = `[${letters}0-9]`;
  const inner = `[${letters}0-9-]*`;
  const label = `${alphanumeric}(?:${inner}${alphanumeric})?`;
  const literal = String.raw`\[(?:${OCTET}\.){3}(?:${OCTET}|${inner}${alphanumeric}:)\]`;
  return {
    atom: new RegExp(`[${letters}0-9!#$%&'*+/=?^_\`{|}~-]`),
    domain: new RegExp(String.raw`(?:${label}\.)+${label}|${literal}`, 'y'),
  };
}

/** FineWeb's first release knew lower-case addresses only; capitals came on 2024-05-02. */
const GRAMMARS: Record<Preset, Grammar> = { 'fineweb-2024': grammar('a-z'), 'fineweb-head': grammar('A-Za-z') };

/** Python's `\w`, which unlike JavaScript's knows every alphabet. */
const WORD = /[\p{L}\p{N}_]/u;

function codePointBefore(text: string, index: number): string {
  const pair = text.slice(Math.max(0, index - 2), index);
  return pair.length === 2 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(pair) ? pair : pair.slice(-1);
}

/** Python's `\b` between the characters around `index`, the one behind it being ASCII. */
function isWordBoundary(text: string, index: number): boolean {
  return WORD.test(codePointBefore(text, index)) !== WORD.test(text.charAt(index));
}

/** The leftmost start at or after `from` of a local part that ends at `at`, or -1. */
function localStart(text: string, from: number, at: number, atom: RegExp): number {
  let leftmost = -1;
  for (let index = at - 1; index >= from; index--) {
    const character = text[index];
    if (character === '.' ? index === at - 1 || text[index + 1] === '.' : !atom.test(character)) break;
    if (character !== '.' && isWordBoundary(text, index)) leftmost = index;
  }
  return leftmost;
}

/** The e-mail addresses of a text, left to right, not overlapping. */
export function findEmailAddresses(text: string, preset: Preset): Span[] {
  const { atom, domain } = GRAMMARS[preset];
  const spans: Span[] = [];
  let from = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, from, at, atom);
    domain.lastIndex = at + 1;
    if (start < 0 || !domain.test(text)) continue;
    from = domain.lastIndex;
    spans.push({ start, end: from });
  }
  return spans;
}
