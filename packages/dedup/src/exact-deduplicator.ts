import { createHash } from 'node:crypto';
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

/** A `Map` holds at most 2^24 entries, so that the keys are spread over many. */
const SHARDS = 256;

/**
 * Finds documents whose keys are the same. Keeps 128 bits of SHA-256 per key, not the texts, so that two different keys
 * are taken for one with a probability below n² / 2^129 for n documents.
 */
export class ExactDeduplicator<D extends TextDocument = TextDocument> {
  readonly #key: ExactKey<D>;
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  #documents = 0;

  /** @param key what must be the same, by default the text */
  constructor(key: ExactKey<D> = 'text') {
    this.#key = key;
  }

  /** Takes the next document; gives the number of the first one with the same key, its own number if it is new. */
  add(document: D): number {
    const index = this.#documents++;
    const digest = createHash('sha256').update(exactKeyOf(this.#key, document)).digest();
    const shard = this.#shards[digest[16] % SHARDS];
    const fingerprint = digest.toString('latin1', 0, 16);
    const first = shard.get(fingerprint);
    if (first === undefined) shard.set(fingerprint, index);
    return first ?? index;
  }
}
