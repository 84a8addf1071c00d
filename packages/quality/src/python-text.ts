/**
 * Python's notions of length, whitespace and lines, which the published thresholds were measured with.
 * JavaScript differs: it counts UTF-16 units, strips U+FEFF, and knows neither U+001C–U+001F nor U+0085 as whitespace.
 */

/** Whether Python's `str.isspace` (and `\s`) holds for one UTF-16 unit. */
export function isWhitespace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit >= 0x1c;
  if (unit < 0x1680) return unit === 0x85 || unit === 0xa0;
  if (unit >= 0x2000 && unit <= 0x200a) return true;
  return unit === 0x1680 || unit === 0x2028 || unit === 0x2029 || unit === 0x202f || unit === 0x205f || unit === 0x3000;
}

const SURROGATE = /[\ud800-\udbff]/;

/** Python's `len(text)`: the number of code points (a lone surrogate counts as one). */
export function codePointLength(text: string): number {
  let length = text.length;
  // Most texts hold no surrogate, and looking for one is native.
  if (length > 64 && !SURROGATE.test(text)) return length;
  for (let index = 0; index + 1 < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xd800) continue;
    if ((text.charCodeAt(index + 1) & 0xfc00) !== 0xdc00) continue;
    length--;
    index++;
  }
  return length;
}

// Named by number, since three of the breaks are control characters: \x1c, \x1d and \x1e.
const LINE_BREAK = new RegExp(String.raw`\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]`);
const OTHER_LINE_BREAK = new RegExp(String.raw`[\v\f\r\x1c-\x1e\x85\u2028\u2029]`);

/** Python's `text.splitlines()`: more line breaks than `\n`, and no empty last line. */
export function splitLines(text: string): string[] {
  const lines = text.split(OTHER_LINE_BREAK.test(text) ? LINE_BREAK : '\n');
  if (lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** Python's `text.split()`: the runs between whitespace. */
export function splitWhitespace(text: string): string[] {
  const words: string[] = [];
  let start = -1;
  for (let index = 0; index < text.length; index++) {
    if (!isWhitespace(text.charCodeAt(index))) {
      if (start < 0) start = index;
    } else if (start >= 0) {
      words.push(text.slice(start, index));
      start = -1;
    }
  }
  if (start >= 0) words.push(text.slice(start));
  return words;
}

/** Whether `len(text.split())` is at least `minimum`; reads no further than it must. */
export function hasChunks(text: string, minimum: number): boolean {
  let chunks = 0;
  let inside = false;
  for (let index = 0; index < text.length && chunks < minimum; index++) {
    const isInside = !isWhitespace(text.charCodeAt(index));
    if (isInside && !inside) chunks++;
    inside = isInside;
  }
  return chunks >= minimum;
}

/** Python's `text.lstrip()`. */
export function stripStart(text: string): string {
  let start = 0;
  while (start < text.length && isWhitespace(text.charCodeAt(start))) start++;
  return text.slice(start);
}

/** Python's `text.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Python's `text.strip()`. */
export function strip(text: string): string {
  return stripEnd(stripStart(text));
}

/** Python's `text.count(needle)`: occurrences that do not overlap. */
export function countOccurrences(text: string, needle: string): number {
  let count = 0;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + needle.length)) count++;
  return count;
}
