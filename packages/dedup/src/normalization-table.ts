import { PUNCTUATION } from './normalize-text.ts';

/**
 * What {@link normalizeText} makes of single characters, in tables of 256, as kernel.wat reads them. Nearly all characters
 * become the same wherever they stand; a text with one of the others is normalised by normalizeText.
 */

/** Characters of a table. */
export const TABLE_CHARACTERS = 256;
const ENTRY_BYTES = 16;
/** Bytes of a table. */
export const TABLE_BYTES = TABLE_CHARACTERS * ENTRY_BYTES;

/** What a character is; kernel.wat knows these numbers. */
const KINDS = { copied: 0, space: 1, digit: 2, contextual: 3 } as const;
/** Is added where the character can stand between the digits of a number. */
const SEPARATOR = 16;

const DIGIT = /^\p{Nd}$/u;
const SEPARATORS = '.,،٫⎖⎗⎘';
const SPACE = /^\s$/u;
const MARKS = /\p{Mn}+/gu;
const PUNCTUATION_MARKS = new Set(PUNCTUATION);
const BYTE_ORDER_MARK = '\ufeff';
/** Its lower case depends on whether it ends a word. */
const CAPITAL_SIGMA = 'Σ';
/** A mark that canonical ordering puts behind any other. */
const LAST_MARK = '\u0345';

interface Entry {
  kind: number;
  replacement: string;
}

/** What stays of a character in NFD, and whether neighbouring marks could change places with it. */
function decompose(character: string): Entry {
  const decomposed = character.normalize('NFD');
  const replacement = decomposed.replace(MARKS, '');
  const moves = (LAST_MARK + character).normalize('NFD') !== LAST_MARK + decomposed;
  return { kind: moves && replacement !== '' ? KINDS.contextual : KINDS.copied, replacement };
}

function entryOf(character: string): Entry {
  const lower = character.toLowerCase();
  if (character === CAPITAL_SIGMA) return { kind: KINDS.contextual, replacement: '' };
  if (DIGIT.test(lower)) return { kind: KINDS.digit, replacement: '0' };
  const isSpace = PUNCTUATION_MARKS.has(lower) || (SPACE.test(lower) && lower !== BYTE_ORDER_MARK);
  const entry = isSpace ? { kind: KINDS.space, replacement: '' } : decompose(lower);
  return SEPARATORS.includes(lower) ? { ...entry, kind: entry.kind + SEPARATOR } : entry;
}

/** The table of the characters from 256 · `number` on. */
export function normalizationTable(number: number): Uint8Array {
  const table = Buffer.alloc(TABLE_BYTES);
  for (let index = 0; index < TABLE_CHARACTERS; index++) {
    const { kind, replacement } = entryOf(String.fromCodePoint(TABLE_CHARACTERS * number + index));
    const length = Buffer.byteLength(replacement);
    const fits = length <= ENTRY_BYTES - 2;
    table[index * ENTRY_BYTES] = fits ? kind : KINDS.contextual;
    table[index * ENTRY_BYTES + 1] = fits ? length : 0;
    if (fits) table.write(replacement, index * ENTRY_BYTES + 2);
  }
  return table;
}
