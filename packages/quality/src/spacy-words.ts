/**
 * Words as spaCy's blank English tokenizer finds them: whitespace chunks are looked up in the exception list, then
 * prefixes and suffixes are peeled off one by one, then what is left is cut at infixes unless it is a URL.
 * Facts from spaCy's published character classes; measured agreement is in the README.
 */
import { isWhitespace } from './python-text.ts';
import { mergeSpacyExceptions, spacyException } from './spacy-exceptions.ts';

const CURRENCY = String.raw`US\$|C\$|A\$|[$£€¥฿₠-₿﷼]`;
const MARKS = String.raw`,:;!?¿؟¡()\[\]{}<>_#*&。？！，、；：～·।،۔؛٪`;
const QUOTES = String.raw`'"”“\x60‘´’‚,„»«「」『』（）〔〕【】《》〈〉⟦⟧`;
const UNITS =
  'km[²³]?|m[²³]?|dm[²³]?|cm[²³]?|mm[²³]?|ha|µm|nm|yd|in|ft|kg|g|mg|µg|t|lb|oz|m/s|km/h|kmh|mph|hPa|Pa|mbar|[mM]b|MB|[kK]b|KB|[gG]b|GB|[tT]b|TB|[TGMK%]';
const HYPHENS = '---|--|——|[-–—~]';
/** Symbols such as © or arrows; spaCy's list is the category So with few exceptions. */
const ICON = String.raw`\p{So}`;

const PREFIX = new RegExp(String.raw`§|%|=|—|–|\+(?![0-9])|[${MARKS}…]|\.\.+|[${QUOTES}]|${CURRENCY}|${ICON}`, 'uy');
const SUFFIX = new RegExp(
  String.raw`(?:……|[${MARKS}…]|\.\.+|[${QUOTES}]|${ICON}|['’][sS]|—|–|(?<=[0-9])\+|(?<=°[FfCcKk])\.|` +
    String.raw`(?<=[0-9])(?:${CURRENCY})|(?<=[0-9])(?:${UNITS})|(?<=[0-9\p{Ll}%²\-+${MARKS}${QUOTES}])\.|(?<=\p{Lu}\p{Lu})\.)$`,
  'u',
);
const INFIX = new RegExp(
  String.raw`\.\.+|…|${ICON}|(?<=[0-9])[+\-*^](?=[0-9-])|(?<=[\p{Ll}${QUOTES}])\.(?=[\p{Lu}${QUOTES}])|(?<=\p{L}),(?=\p{L})|` +
    String.raw`(?<=[\p{L}0-9])(?:${HYPHENS})(?=\p{L})|(?<=[\p{L}0-9])[:<>=/](?=\p{L})`,
  'gu',
);
const URL = /^(?:(?:https?|ftp):\/\/\S+|(?:[\p{L}\p{N}_-]+\.)+[a-z]{2,}(?::\d{2,5})?(?:[/?#]\S*)?)$/u;

/** Enough of a chunk's end for any suffix and what it looks back at; runs of dots are measured apart. */
const SUFFIX_WINDOW = 12;
const PLAIN_WORD = /^[A-Za-z]+$/;

/** UTF-16 units of the prefix of `chunk` at `start`, or 0. */
function prefixLength(chunk: string, start: number): number {
  PREFIX.lastIndex = start;
  return PREFIX.exec(chunk)?.[0].length ?? 0;
}

/** UTF-16 units of the suffix of `chunk[start, end)`, or 0. */
function suffixLength(chunk: string, start: number, end: number): number {
  let dots = 0;
  while (end - dots > start && chunk[end - dots - 1] === '.') dots++;
  if (dots >= 2) return dots;
  return SUFFIX.exec(chunk.slice(Math.max(start, end - SUFFIX_WINDOW), end))?.[0].length ?? 0;
}

/** Cuts what is left of a chunk at its infixes, which become words of their own. */
function pushInfixed(stem: string, words: string[]): void {
  let start = 0;
  for (const infix of stem.matchAll(INFIX)) {
    if (infix.index > start) words.push(stem.slice(start, infix.index));
    words.push(infix[0]);
    start = infix.index + infix[0].length;
  }
  if (start < stem.length) words.push(stem.slice(start));
}

function pushStem(stem: string, words: string[]): void {
  const exception = spacyException(stem);
  if (exception) words.push(...exception);
  else if (PLAIN_WORD.test(stem) || URL.test(stem)) words.push(stem);
  else pushInfixed(stem, words);
}

/** Peels a prefix and a suffix at a time until an exception, a bare stem, or nothing is left. */
function splitChunk(chunk: string): readonly string[] {
  const words: string[] = [];
  const suffixes: string[] = [];
  let start = 0;
  let end = chunk.length;
  while (start < end && !spacyException(chunk.slice(start, end))) {
    const prefix = Math.min(prefixLength(chunk, start), end - start);
    const suffix = suffixLength(chunk, start + prefix, end);
    const peelSuffixOnly = suffix > 0 && spacyException(chunk.slice(start, end - suffix)) !== undefined;
    if (prefix > 0 && !peelSuffixOnly) {
      words.push(chunk.slice(start, start + prefix));
      start += prefix;
      if (start < end && spacyException(chunk.slice(start, end))) break;
    }
    if (suffix > 0) {
      suffixes.push(chunk.slice(end - suffix, end));
      end -= suffix;
    }
    if (prefix === 0 && suffix === 0) break;
  }
  if (start < end) pushStem(chunk.slice(start, end), words);
  while (suffixes.length > 0) words.push(suffixes.pop()!);
  return mergeSpacyExceptions(words);
}

function isAsciiLetter(unit: number): boolean {
  return (unit >= 97 && unit <= 122) || (unit >= 65 && unit <= 90);
}

/** The words of a text in order; work is linear in its length. */
export function spacyWords(text: string): string[] {
  const words: string[] = [];
  let start = 0;
  while (start < text.length) {
    if (isWhitespace(text.charCodeAt(start))) {
      start++;
      continue;
    }
    let end = start;
    let plain = true;
    for (let unit: number; end < text.length && !isWhitespace((unit = text.charCodeAt(end))); end++) {
      plain &&= isAsciiLetter(unit);
    }
    const chunk = text.slice(start, end);
    if (plain && !spacyException(chunk)) words.push(chunk);
    else for (const word of splitChunk(chunk)) words.push(word);
    start = end;
  }
  return words;
}
