/**
 * The words of `treebankWords` as numbers, in one pass over each sentence. The rules look no further than a chunk, a run between
 * spaces: chunks of letters with perhaps one mark behind them are measured where they stand, the others go through the rules once and are
 * remembered. What looks beyond its chunk (quotes behind line breaks, closing marks that stand alone) takes the rules for whole sentences.
 */
import { ChunkCache, placeWords } from './chunk-cache.ts';
import { isWhitespace } from './python-text.ts';
import { treebankSentenceSpans } from './treebank-sentences.ts';
import { ruledSentenceWords } from './treebank-words.ts';
import { HAS_LETTER, HASH_MULTIPLIER, measureWord, powerOf, type WordNumbers, type WordTable } from './word-table.ts';

const FULL_STOP = 0x2e;
const SPACE = 0x20;
/** Marks that are words of their own, wherever they stand. */
const MARKS: readonly (WordNumbers | undefined)[] = Array.from({ length: 128 }, (_, unit) =>
  ',;:!?)%'.includes(String.fromCharCode(unit)) ? measureWord(String.fromCharCode(unit)) : undefined,
);
const STOP = measureWord('.');

// A full stop belongs to its word, but for that of the sentence; so there are two rooms, and a word behind what is not the last chunk.
const inner = new ChunkCache((chunk) => placeWords(chunk, ruledSentenceWords(` ${chunk} x`).slice(0, -1)));
const last = new ChunkCache((chunk) => placeWords(chunk, ruledSentenceWords(` ${chunk}`)));

/** Fills the table with the words of a text; of the quotes that become \`\` and '' it knows the numbers, and as strings what they were. */
export function fillTreebankTable(text: string, table: WordTable): WordTable {
  table.begin(text);
  const spans = treebankSentenceSpans(text);
  for (let at = 0; at < spans.length; at += 2) {
    const before = table.count;
    if (pushSentence(text, spans[at], spans[at + 1], table)) continue;
    table.count = before;
    const sentence = text.slice(spans[at], spans[at + 1]);
    for (const { numbers, start, end } of placeWords(sentence, ruledSentenceWords(sentence))) {
      table.push(numbers, spans[at] + start, spans[at] + end);
    }
  }
  return table;
}

/** What begins a sentence in another way than it would begin a later chunk. */
const OPENING_QUOTES = /"?''|""/y;
const CLOSING_MARKS = /^[\])}>"'»”’]+$/;

/** Pushes the words of a sentence; false when its chunks cannot be taken one by one. */
function pushSentence(text: string, start: number, end: number, table: WordTable): boolean {
  OPENING_QUOTES.lastIndex = start;
  if (OPENING_QUOTES.test(text) || CLOSING_MARKS.test(lastChunk(text, start, end))) return false;
  let checked = false;
  for (let at = start; at < end;) {
    const unit = text.charCodeAt(at);
    if (!isWhitespace(unit)) {
      at = pushChunk(text, at, end, table);
      continue;
    }
    // Some rules ask for a space where others take any white space.
    if (unit !== SPACE && !checked) {
      if (!isOnlySpaced(text.slice(start, end))) return false;
      checked = true;
    }
    at++;
  }
  return true;
}

// Control characters by number: no literal holds them.
const ASKS_FOR_SPACE = new RegExp(String.raw`["\x1c-\x1f\x85\ufeff]|'[\s']`);

/** No quotes, which look at the space beside them, nor what is white space in one language only. */
function isOnlySpaced(sentence: string): boolean {
  return !ASKS_FOR_SPACE.test(sentence);
}

function lastChunk(text: string, start: number, end: number): string {
  let at = end;
  while (at > start && end - at < 16 && !isWhitespace(text.charCodeAt(at - 1))) at--;
  return text.slice(at, end);
}

/** Pushes the words of the chunk that starts at `start`; returns its end. */
function pushChunk(text: string, start: number, limit: number, table: WordTable): number {
  let at = start;
  let unit = 0;
  let hash = 0;
  for (; at < limit; at++) {
    unit = text.charCodeAt(at);
    if (((unit | 0x20) - 97) >>> 0 > 25) break;
    hash = (Math.imul(hash, HASH_MULTIPLIER) + unit + 1) | 0;
  }
  const letters = at - start;
  if (letters > 0 && !mayContract(text, start, letters)) {
    if (at === limit || isWhitespace(unit)) {
      table.pushNumbers(hash, powerOf(letters), start, at, letters, HAS_LETTER);
      return at;
    }
    const isLast = at + 1 === limit;
    if (isLast || isWhitespace(text.charCodeAt(at + 1))) {
      const mark = unit === FULL_STOP && isLast ? STOP : MARKS[unit];
      if (mark !== undefined) {
        table.pushNumbers(hash, powerOf(letters), start, at, letters, HAS_LETTER);
        table.push(mark, at, at + 1);
        return at + 1;
      }
    }
  }
  for (; at < limit && !isWhitespace((unit = text.charCodeAt(at))); at++) {
    hash = (Math.imul(hash, HASH_MULTIPLIER) + unit + 1) | 0;
  }
  const room = at === limit ? last : inner;
  for (const word of room.words(text, start, at, hash)) table.push(word.numbers, start + word.start, start + word.end);
  return at;
}

/** Whether it may be cannot, gimme, lemme, gonna, wanna or gotta, which are two words each. */
function mayContract(text: string, start: number, letters: number): boolean {
  if (letters !== 5 && letters !== 6) return false;
  const first = text.charCodeAt(start) | 0x20;
  if (first !== 0x63 && first !== 0x67 && first !== 0x6c && first !== 0x77) return false;
  const final = text.charCodeAt(start + letters - 1) | 0x20;
  return final === 0x74 || final === 0x65 || final === 0x61;
}
