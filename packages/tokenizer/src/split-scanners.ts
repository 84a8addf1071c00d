/**
 * The published split patterns as scanners: each takes the place where a piece begins and gives the place where it ends.
 * They do what the regular expressions in `patterns.ts` say, on UTF-8 and without backtracking, so that no text can
 * exhaust a stack.
 */
import {
  LETTER,
  LOWER_LIKE,
  NEWLINE,
  NUMBER,
  SPACE,
  UPPER_LIKE,
  classAt,
  indexBefore,
  skipClass,
  skipOutside,
  widthAt,
} from './character-class.ts';
import type { Splitter } from './pieces.ts';

const APOSTROPHE = 0x27;
const BLANK = 0x20;
const SLASH = 0x2f;
/** A bit that is different in a letter's two cases. */
const CASE = 0x20;

/** Length of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` at an apostrophe, else 0. */
function contraction(bytes: Uint8Array, start: number, end: number, ignoreCase: number): number {
  if (start + 1 >= end || bytes[start] !== APOSTROPHE) return 0;
  const second = start + 2 < end ? bytes[start + 2] | ignoreCase : 0;
  switch (bytes[start + 1] | ignoreCase) {
    case 0x73: // s
    case 0x74: // t
    case 0x6d: // m
    case 0x64: // d
      return 2;
    case 0x72: // re
    case 0x76: // ve
      return second === 0x65 ? 3 : 0;
    case 0x6c: // ll
      return second === 0x6c ? 3 : 0;
    default:
      return ignoreCase === CASE && isLongS(bytes, start + 1, end) ? 3 : 0;
  }
}

/** U+017F, which Unicode folds to s; no other character outside ASCII folds to a letter of a contraction. */
function isLongS(bytes: Uint8Array, index: number, end: number): boolean {
  return index + 1 < end && bytes[index] === 0xc5 && bytes[index + 1] === 0xbf;
}

/** `\s+(?!\S)|\s+`: a run of spaces leaves its last one to the word that follows. */
function whitespaceEnd(bytes: Uint8Array, start: number, end: number, runEnd: number): number {
  if (runEnd === end) return runEnd;
  const last = indexBefore(bytes, runEnd);
  return last === start ? runEnd : last;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`: up to the last line end of the run if there is one. */
function lineOrWhitespaceEnd(bytes: Uint8Array, start: number, end: number): number {
  const runEnd = skipClass(bytes, start, end, SPACE);
  for (let index = runEnd; index > start; index--) {
    if (bytes[index - 1] === 0x0a || bytes[index - 1] === 0x0d) return index;
  }
  return whitespaceEnd(bytes, start, end, runEnd);
}

/** Up to three digits. */
function numberEnd(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  for (let count = 0; count < 3 && index < end && (classAt(bytes, index) & NUMBER) !== 0; count++) {
    index += widthAt(bytes, index);
  }
  return index;
}

/** ` ?[^\s\p{L}\p{N}]+`, or `start` where there is none. */
function punctuationEnd(bytes: Uint8Array, start: number, end: number): number {
  const body = bytes[start] === BLANK ? start + 1 : start;
  const bodyEnd = skipOutside(bytes, body, end, SPACE | LETTER | NUMBER);
  return bodyEnd > body ? bodyEnd : start;
}

function gpt2End(bytes: Uint8Array, start: number, end: number): number {
  const short = contraction(bytes, start, end, 0);
  if (short > 0) return start + short;
  const body = bytes[start] === BLANK ? start + 1 : start;
  if (body < end) {
    const kind = classAt(bytes, body);
    if ((kind & LETTER) !== 0) return skipClass(bytes, body, end, LETTER);
    if ((kind & NUMBER) !== 0) return skipClass(bytes, body, end, NUMBER);
    if ((kind & SPACE) === 0) return skipOutside(bytes, body, end, SPACE | LETTER | NUMBER);
  }
  return whitespaceEnd(bytes, start, end, skipClass(bytes, start, end, SPACE));
}

/** GPT-2: see `patterns.ts`. */
export const splitGpt2: Splitter = ({ bytes }, start, end, pieces) => {
  for (let index = start; index < end;) {
    index = gpt2End(bytes, index, end);
    pieces.push(index);
  }
};

function cl100kEnd(bytes: Uint8Array, start: number, end: number): number {
  const kind = classAt(bytes, start);
  if ((kind & LETTER) !== 0) return skipClass(bytes, start, end, LETTER);
  if ((kind & NUMBER) !== 0) return numberEnd(bytes, start, end);
  const short = contraction(bytes, start, end, CASE);
  if (short > 0) return start + short;
  if ((kind & NEWLINE) === 0) {
    const letters = start + widthAt(bytes, start);
    if (letters < end && (classAt(bytes, letters) & LETTER) !== 0) return skipClass(bytes, letters, end, LETTER);
    const punctuation = punctuationEnd(bytes, start, end);
    if (punctuation > start) return skipClass(bytes, punctuation, end, NEWLINE);
  }
  return lineOrWhitespaceEnd(bytes, start, end);
}

/** cl100k_base and Llama 3: see `patterns.ts`. */
export const splitCl100k: Splitter = ({ bytes }, start, end, pieces) => {
  for (let index = start; index < end;) {
    index = cl100kEnd(bytes, index, end);
    pieces.push(index);
  }
};

/** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`, or -1. Capitals give back what small letters need. */
function capitalizedEnd(bytes: Uint8Array, start: number, end: number): number {
  const upperEnd = skipClass(bytes, start, end, UPPER_LIKE);
  const lowerEnd = skipClass(bytes, upperEnd, end, LOWER_LIKE);
  if (lowerEnd > upperEnd) return lowerEnd;
  for (let index = upperEnd; index > start;) {
    const before = indexBefore(bytes, index);
    if ((classAt(bytes, before) & LOWER_LIKE) !== 0) return index;
    index = before;
  }
  return -1;
}

/** The two word alternatives of o200k, each tried with and without a leading mark or sign; -1 where none fits. */
function o200kWordEnd(bytes: Uint8Array, start: number, end: number): number {
  const kind = classAt(bytes, start);
  const prefixed = (kind & (NEWLINE | LETTER | NUMBER)) === 0 ? start + widthAt(bytes, start) : end;
  let wordEnd = prefixed < end ? capitalizedEnd(bytes, prefixed, end) : -1;
  if (wordEnd === -1) wordEnd = capitalizedEnd(bytes, start, end);
  if (wordEnd === -1 && prefixed < end) {
    const capitals = skipClass(bytes, prefixed, end, UPPER_LIKE);
    if (capitals > prefixed) wordEnd = capitals;
  }
  if (wordEnd === -1) {
    const capitals = skipClass(bytes, start, end, UPPER_LIKE);
    if (capitals > start) wordEnd = capitals;
  }
  return wordEnd;
}

function skipLineEndsAndSlashes(bytes: Uint8Array, start: number, end: number): number {
  let index = start;
  while (index < end && (bytes[index] === SLASH || bytes[index] === 0x0a || bytes[index] === 0x0d)) index++;
  return index;
}

function o200kEnd(bytes: Uint8Array, start: number, end: number): number {
  const word = o200kWordEnd(bytes, start, end);
  if (word !== -1) return word + contraction(bytes, word, end, CASE);
  if ((classAt(bytes, start) & NUMBER) !== 0) return numberEnd(bytes, start, end);
  const punctuation = punctuationEnd(bytes, start, end);
  return punctuation > start ? skipLineEndsAndSlashes(bytes, punctuation, end) : lineOrWhitespaceEnd(bytes, start, end);
}

/** o200k_base: see `patterns.ts`. */
export const splitO200k: Splitter = ({ bytes }, start, end, pieces) => {
  for (let index = start; index < end;) {
    index = o200kEnd(bytes, index, end);
    pieces.push(index);
  }
};
