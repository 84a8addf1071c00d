/**
 * The published split patterns as scanners: each takes the place where a piece begins and gives the place where it ends.
 * They do what the regular expressions in `patterns.ts` say, without backtracking, so that no text can exhaust a stack.
 */
import {
  LETTER,
  LOWER_LIKE,
  NEWLINE,
  NUMBER,
  SPACE,
  UPPER_LIKE,
  classAt,
  skipClass,
  skipOutside,
  widthAt,
} from './character-class.ts';

/** The end of the piece of `text` that begins at `start` (`start` < length). */
export type Scanner = (text: string, start: number) => number;

const APOSTROPHE = 0x27;
const BLANK = 0x20;
const LONG_S = 0x17f;

/** Length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at an apostrophe, else 0. `fold` maps a unit to lower case. */
function contraction(text: string, start: number, fold: (unit: number) => number): number {
  if (text.charCodeAt(start) !== APOSTROPHE) return 0;
  switch (String.fromCharCode(fold(text.charCodeAt(start + 1)))) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    case 'r':
    case 'v':
      return fold(text.charCodeAt(start + 2)) === 0x65 ? 3 : 0;
    case 'l':
      return fold(text.charCodeAt(start + 2)) === 0x6c ? 3 : 0;
    default:
      return 0;
  }
}

const keepCase = (unit: number): number => unit;

/** Unicode folds U+017F, the long s, to s; no other character outside ASCII folds to a letter of a contraction. */
function foldCase(unit: number): number {
  if (unit === LONG_S) return 0x73;
  return unit >= 0x41 && unit <= 0x5a ? unit + 0x20 : unit;
}

/** `\s+(?!\S)|\s+`: a run of spaces leaves its last one to the word that follows. */
function whitespaceEnd(text: string, start: number, runEnd: number): number {
  return runEnd === text.length || runEnd - start === 1 ? runEnd : runEnd - 1;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run if there is one. */
function lineOrWhitespaceEnd(text: string, start: number): number {
  const runEnd = skipClass(text, start, SPACE);
  for (let index = runEnd; index > start; index--) {
    if ((classAt(text, index - 1) & NEWLINE) !== 0) return index;
  }
  return whitespaceEnd(text, start, runEnd);
}

/** Up to three digits. */
function numberEnd(text: string, start: number): number {
  let end = start;
  for (let count = 0; count < 3 && end < text.length && (classAt(text, end) & NUMBER) !== 0; count++) {
    end += widthAt(text, end);
  }
  return end;
}

/** ` ?[^\s\p{L}\p{N}]+`, or `start` where there is none. */
function punctuationEnd(text: string, start: number): number {
  const body = text.charCodeAt(start) === BLANK ? start + 1 : start;
  const end = skipOutside(text, body, SPACE | LETTER | NUMBER);
  return end > body ? end : start;
}

/** GPT-2: `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. */
export const scanGpt2: Scanner = (text, start) => {
  const short = contraction(text, start, keepCase);
  if (short > 0) return start + short;
  const body = text.charCodeAt(start) === BLANK ? start + 1 : start;
  if (body < text.length) {
    const kind = classAt(text, body);
    if ((kind & LETTER) !== 0) return skipClass(text, body, LETTER);
    if ((kind & NUMBER) !== 0) return skipClass(text, body, NUMBER);
    if ((kind & SPACE) === 0) return skipOutside(text, body, SPACE | LETTER | NUMBER);
  }
  return whitespaceEnd(text, start, skipClass(text, start, SPACE));
};

/** cl100k_base and Llama 3: see `patterns.ts`. */
export const scanCl100k: Scanner = (text, start) => {
  const short = contraction(text, start, foldCase);
  if (short > 0) return start + short;
  const kind = classAt(text, start);
  if ((kind & LETTER) !== 0) return skipClass(text, start, LETTER);
  if ((kind & NUMBER) !== 0) return numberEnd(text, start);
  if ((kind & NEWLINE) === 0) {
    const letters = start + widthAt(text, start);
    if (letters < text.length && (classAt(text, letters) & LETTER) !== 0) return skipClass(text, letters, LETTER);
    const punctuation = punctuationEnd(text, start);
    if (punctuation > start) return skipClass(text, punctuation, NEWLINE);
  }
  return lineOrWhitespaceEnd(text, start);
};

/** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or -1. Capitals give back what small letters need. */
function capitalizedEnd(text: string, start: number): number {
  const upperEnd = skipClass(text, start, UPPER_LIKE);
  const end = skipClass(text, upperEnd, LOWER_LIKE);
  if (end > upperEnd) return end;
  for (let index = upperEnd; index > start;) {
    const before = index - 1 - Number(index - 2 >= start && widthAt(text, index - 2) === 2);
    if ((classAt(text, before) & LOWER_LIKE) !== 0) return index;
    index = before;
  }
  return -1;
}

/** The two word alternatives of o200k, each tried with and without a leading mark or sign; -1 where none fits. */
function o200kWordEnd(text: string, start: number): number {
  const kind = classAt(text, start);
  const prefixed = (kind & (NEWLINE | LETTER | NUMBER)) === 0 ? start + widthAt(text, start) : -1;
  const afterPrefix = prefixed === -1 || prefixed >= text.length ? -1 : prefixed;
  let end = afterPrefix === -1 ? -1 : capitalizedEnd(text, afterPrefix);
  if (end === -1) end = capitalizedEnd(text, start);
  if (end === -1 && afterPrefix !== -1) {
    const capitals = skipClass(text, afterPrefix, UPPER_LIKE);
    if (capitals > afterPrefix) end = capitals;
  }
  if (end === -1) {
    const capitals = skipClass(text, start, UPPER_LIKE);
    if (capitals > start) end = capitals;
  }
  return end;
}

function skipLineEndsAndSlashes(text: string, start: number): number {
  let end = start;
  while (end < text.length && '\r\n/'.includes(text[end])) end++;
  return end;
}

/** o200k_base: see `patterns.ts`. */
export const scanO200k: Scanner = (text, start) => {
  const word = o200kWordEnd(text, start);
  if (word !== -1) return word + contraction(text, word, foldCase);
  if ((classAt(text, start) & NUMBER) !== 0) return numberEnd(text, start);
  const punctuation = punctuationEnd(text, start);
  return punctuation > start ? skipLineEndsAndSlashes(text, punctuation) : lineOrWhitespaceEnd(text, start);
};
