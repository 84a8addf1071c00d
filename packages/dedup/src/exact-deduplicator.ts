import { createHash } from 'node:crypto';
import { FingerprintTable } from './fingerprint-table.ts';
import { normalizeText } from './normalize-text.ts';
import { PYTHON_SPACE } from './python-space.ts';

/** What this package needs of a document. */
export interface TextDocument {
  id: string;
  text: string;
}

/**
 * What must be the same for two documents to be exact duplicates: the text, the text without white space (FinePDFs), the
 * text as {@link normalizeText} gives it, or whatever a function gives (a URL, say).
 */
export type ExactKey<D extends TextDocument = TextDocument> =
  | 'text'
  | 'compact'
  | 'normalized'
  | ((document: D) => string);

/** The string that the key stands for. */
export function exactKeyOf<D extends TextDocument>(key: ExactKey<D>, document: D): string {
  if (typeof key === 'function') return key(document);
  if (key === 'compact') return document.text.replace(PYTHON_SPACE, '');
  return key === 'normalized' ? normalizeText(document.text) : document.text;
}

/** Words of 32 bits that stand for a key. */
export const FINGERPRINT_WORDS = 4;

/** The first 128 bits of a key's SHA-256. */
export function fingerprintOf(key: string): Uint32Array {
  const digest = createHash('sha256').update(key).digest();
  return Uint32Array.from({ length: FINGERPRINT_WORDS }, (_, word) => digest.readUInt32LE(4 * word));
}

/**
 * Finds documents whose keys are the same. Keeps 128 bits of SHA-256 per key, not the texts, so that two different keys
 * are taken for one with a probability below n² / 2^129 for n documents.
 */
export class ExactDeduplicator<D extends TextDocument = TextDocument> {
  readonly #key: ExactKey<D>;
  readonly #seen = new FingerprintTable(FINGERPRINT_WORDS);
  #documents = 0;

  /** @param key what must be the same, by default the text */
  constructor(key: ExactKey<D> = 'text') {
    this.#key = key;
  }

  /** Takes the next document; gives the number of the first one with the same key, its own number if it is new. */
  add(document: D): number {
    return this.#seen.add(fingerprintOf(exactKeyOf(this.#key, document)), 0, this.#documents++);
  }
}
