import { codePointLength } from './python-text.ts';

/** Second and later occurrences only: how many, and their characters (code points). */
export interface Repeats {
  readonly elements: number;
  readonly characters: number;
}

const NO_REPEATS: Repeats = { elements: 0, characters: 0 };

/** False when lengths and outer characters already tell all parts apart, as they do in most texts; strings need not be hashed then. */
function mayRepeat(parts: readonly string[]): boolean {
  const seen = new Set<number>();
  for (const part of parts) {
    const middle = part.charCodeAt(part.length >> 1) || 0;
    const ends = ((part.charCodeAt(0) || 0) & 0x7f) * 128 + ((part.charCodeAt(part.length - 2) || 0) & 0x7f);
    const key = (part.length * 128 + (middle & 0x7f)) * 16384 + ends;
    if (seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}

/** Counts the repeats in a list of lines or paragraphs (Gopher, table A1). */
export function countRepeats(parts: readonly string[]): Repeats {
  if (!mayRepeat(parts)) return NO_REPEATS;
  const seen = new Set<string>();
  let characters = 0;
  for (const part of parts) {
    if (seen.has(part)) characters += codePointLength(part);
    else seen.add(part);
  }
  return { elements: parts.length - seen.size, characters };
}
