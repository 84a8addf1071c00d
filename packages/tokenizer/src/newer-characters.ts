/**
 * Letters, marks and numbers of Unicode 17. `tiktoken` and `tokenizers` know Unicode 16, to which these are unassigned;
 * JavaScript engines know one or the other. Found by encoding every code point with both of them.
 */
const NEWER =
  '88f c5c cdc 1acf-1add 1ae0-1aeb a7ce-a7cf a7d2 a7d4 a7f1 10940-10959 10ec5-10ec7 10efa-10efb 11b60-11b67 11db0-11ddb ' +
  '11de0-11de9 16ea0-16eb8 16ebb-16ed3 16ff2-16ff6 187f8-187ff 18d09-18d1e 18d80-18df2 1e6c0-1e6de 1e6e0-1e6f5 ' +
  '1e6fe-1e6ff 2b73a-2b73f 2cea2-2cead 323b0-33479';

const ranges = NEWER.split(' ').map((range) => range.split('-').map((limit) => Number.parseInt(limit, 16)));

/** Whether a code point is a letter, mark or number only since Unicode 17. */
export function isNewer(codePoint: number): boolean {
  return ranges.some(([first, last = first]) => codePoint >= first && codePoint <= last);
}

/** A small letter in Unicode 16, a letter without case since. */
export const CHANGED_LETTER = 0x295;
