/**
 * The words of `spacyWords` as numbers, in one pass over the text. Nearly all chunks of prose are letters with perhaps one mark behind
 * them; they are measured where they stand. The others are split as `spacyWords` splits them, and remembered.
 */
import { ChunkCache, placeWords } from './chunk-cache.ts';
import { isWhitespace } from './python-text.ts';
import { spacyExceptionChunks } from './spacy-exceptions.ts';
import { spacyWords } from './spacy-words.ts';
import { SentenceCounter } from './spacy-sentences.ts';
import { HAS_LETTER, HASH_MULTIPLIER, measureWord, powerOf, WordTable, type WordNumbers } from './word-table.ts';

const OTHER = 0;
const SPACE = 1;
const MARK = 2;
const FULL_STOP = 3;

/** What an ASCII character means for a chunk. */
const CLASSES = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) if (isWhitespace(unit)) CLASSES[unit] = SPACE;
for (const mark of ',;:!?)"') CLASSES[mark.charCodeAt(0)] = MARK;
CLASSES['.'.charCodeAt(0)] = FULL_STOP;

const MARKS: readonly (WordNumbers | undefined)[] = Array.from({ length: 128 }, (_, unit) =>
  CLASSES[unit] >= MARK ? measureWord(String.fromCharCode(unit)) : undefined,
);

/** A bit for the hash of every listed chunk: what has no bit is not listed. */
const LISTED = new Uint8Array(1 << 16);
for (const chunk of spacyExceptionChunks()) LISTED[measureWord(chunk).hash & 0xffff] = 1;

const chunks = new ChunkCache((chunk) => placeWords(chunk, spacyWords(chunk)));

/** Fills the table with the words of a text. */
export function fillSpacyTable(text: string, table: WordTable): WordTable {
  table.begin(text);
  for (let at = 0; at < text.length;) {
    at = skipSpace(text, at);
    if (at < text.length) at = pushChunk(text, at, table);
  }
  return table;
}

const sentenceTable = new WordTable();

/** Sentences of a text by spaCy's rule-based sentencizer; counting ends when there are `enough`. */
export function spacySentenceCount(text: string, enough = Infinity): number {
  const table = sentenceTable.begin(text);
  const counter = new SentenceCounter();
  for (let at = 0; at < text.length && counter.count < enough;) {
    const start = skipSpace(text, at);
    // The first space of a run belongs to the word before it.
    if (start - at > 1 || (start > at && text[at] !== ' ')) counter.gap();
    if (start === text.length) break;
    table.begin(text);
    at = pushChunk(text, start, table);
    for (let word = 0; word < table.count; word++) counter.word(table.flags[word]);
  }
  return counter.count;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && isWhitespace(text.charCodeAt(at))) at++;
  return at;
}

/** Pushes the words of the chunk that starts at `start`; returns its end. */
function pushChunk(text: string, start: number, table: WordTable): number {
  const { length } = text;
  let at = start;
  let unit = 0;
  let hash = 0;
  for (; at < length; at++) {
    unit = text.charCodeAt(at);
    // Both cases of a–z at once; everything else is further off.
    if (((unit | 0x20) - 97) >>> 0 > 25) break;
    hash = (Math.imul(hash, HASH_MULTIPLIER) + unit + 1) | 0;
  }
  const kind = unit < 128 ? CLASSES[unit] : OTHER;
  const letters = at - start;
  if (letters > 0 && LISTED[hash & 0xffff] === 0) {
    if (at === length || kind === SPACE) {
      table.pushNumbers(hash, powerOf(letters), start, at, letters, HAS_LETTER);
      return at;
    }
    if (isLoneMark(text, at, kind) && LISTED[(Math.imul(hash, HASH_MULTIPLIER) + unit + 1) & 0xffff] === 0) {
      table.pushNumbers(hash, powerOf(letters), start, at, letters, HAS_LETTER);
      table.push(MARKS[unit]!, at, at + 1);
      return at + 1;
    }
  }
  for (; at < length && !isWhitespace((unit = text.charCodeAt(at))); at++) {
    hash = (Math.imul(hash, HASH_MULTIPLIER) + unit + 1) | 0;
  }
  for (const word of chunks.words(text, start, at, hash)) {
    table.push(word.numbers, start + word.start, start + word.end);
  }
  return at;
}

/** Whether the chunk ends with the one mark at `at`, and the mark comes off: a full stop only behind a small letter. */
function isLoneMark(text: string, at: number, kind: number): boolean {
  if (kind !== MARK && !(kind === FULL_STOP && text.charCodeAt(at - 1) >= 97)) return false;
  return at + 1 === text.length || isWhitespace(text.charCodeAt(at + 1));
}
