/** Python's notions of characters and lines, by which the published statistics were computed: a character is a code point. */

/** `str.isspace`. */
const SPACE = new RegExp(String.raw`[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`);
/** `str.isdigit` beyond the decimal digits: superscripts, circled digits and the like (Unicode's Numeric_Type=Digit). */
const OTHER_DIGITS = String.raw`\u{b2}-\u{b3}\u{b9}\u{1369}-\u{1371}\u{19da}\u{2070}\u{2074}-\u{2079}\u{2080}-\u{2089}\u{2460}-\u{2468}\u{2474}-\u{247c}\u{2488}-\u{2490}\u{24ea}\u{24f5}-\u{24fd}\u{24ff}\u{2776}-\u{277e}\u{2780}-\u{2788}\u{278a}-\u{2792}\u{10a40}-\u{10a43}\u{10e60}-\u{10e68}\u{11052}-\u{1105a}\u{1f100}-\u{1f10a}`;
const LINE_BREAK = new RegExp(String.raw`\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]`);

export const isSpace = (character: string) => SPACE.test(character);

/** Regular expressions that match one character of a kind, for counting. */
export const KIND = {
  space: new RegExp(SPACE.source, 'gu'),
  letter: /\p{L}/gu,
  digit: new RegExp(`[\\p{Nd}${OTHER_DIGITS}]`, 'gu'),
  uppercase: /\p{Uppercase}/gu,
} as const;

/** How often a pattern matches. */
export function count(text: string, pattern: RegExp): number {
  let matches = 0;
  pattern.lastIndex = 0;
  while (pattern.test(text)) matches += 1;
  return matches;
}

/** `len(text)`: code points; a lone surrogate counts as one. */
export function length(text: string): number {
  let pairs = 0;
  for (let index = 0; index + 1 < text.length; index++) {
    if ((text.charCodeAt(index) & 0xfc00) !== 0xd800 || (text.charCodeAt(index + 1) & 0xfc00) !== 0xdc00) continue;
    pairs += 1;
    index += 1;
  }
  return text.length - pairs;
}

/** `text.splitlines()`: no empty last line. */
export function splitLines(text: string): string[] {
  const lines = text.split(LINE_BREAK);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** `text.strip()`. */
export function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start += 1;
  while (end > start && isSpace(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

const LOWERCASE = /\p{Lowercase}/u;
const UPPERCASE = /\p{Uppercase}/u;
const TITLECASE = /\p{Lt}/u;

/** `word.isupper()`: has cased characters, all of them uppercase. */
export function isUpper(word: string): boolean {
  return UPPERCASE.test(word) && !LOWERCASE.test(word) && !TITLECASE.test(word);
}

/** `word.istitle()`: uppercase characters follow only uncased ones, lowercase only cased ones, and there is one of them. */
export function isTitle(word: string): boolean {
  let isCased = false;
  let followsCased = false;
  for (const character of word) {
    const opens = UPPERCASE.test(character) || TITLECASE.test(character);
    const isLower = !opens && LOWERCASE.test(character);
    if ((opens && followsCased) || (isLower && !followsCased)) return false;
    followsCased = opens || isLower;
    isCased ||= followsCased;
  }
  return isCased;
}

/**
 * `str(round(value, digits))`: the double's exact value decides, ties go to the even digit.
 *
 * @param isInteger whether Python would hold the value as an `int`
 */
export function roundedText(value: number, digits: number, isInteger: boolean): string {
  if (isInteger) return String(value);
  const halves = value * 2 ** (digits + 1);
  const isTie = Number.isInteger(halves) && halves % 2 !== 0;
  let rounded = Number(value.toFixed(digits));
  if (isTie) {
    const floor = Math.floor(value * 10 ** digits);
    rounded = Number(`${floor % 2 === 0 ? floor : floor + 1}e-${digits}`);
  }
  return Number.isInteger(rounded) ? rounded.toFixed(1) : String(rounded);
}
