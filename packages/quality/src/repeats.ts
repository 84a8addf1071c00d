import { codePointLength } from './python-text.ts';

/** Second and later occurrences only: how many, and their characters (code points). */
export interface Repeats {
  readonly elements: number;
  readonly characters: number;
}

/** Counts the repeats in a list of lines or paragraphs (Gopher, table A1). */
export function countRepeats(parts: readonly string[]): Repeats {
  const seen = new Set<string>();
  let characters = 0;
  for (const part of parts) {
    if (seen.has(part)) characters += codePointLength(part);
    else seen.add(part);
  }
  return { elements: parts.length - seen.size, characters };
}
