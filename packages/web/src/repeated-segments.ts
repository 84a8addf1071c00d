import type { Block } from './page.ts';

/** Code points from which a segment counts, and how often it may stand: trafilatura's MIN_DUPLCHECK_SIZE and MAX_REPETITIONS. */
const MINIMUM_CHARACTERS = 100;
const MAXIMUM_OCCURRENCES = 2;

/** Drops the third and later occurrences of a block of at least 100 characters within one page. */
export function removeRepeatedSegments(blocks: readonly Block[]): Block[] {
  const seen = new Map<string, number>();
  return blocks.filter(({ text }) => {
    if (text.length < MINIMUM_CHARACTERS) return true;
    const occurrences = (seen.get(text) ?? 0) + 1;
    seen.set(text, occurrences);
    return occurrences <= MAXIMUM_OCCURRENCES;
  });
}
