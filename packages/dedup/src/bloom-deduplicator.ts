import bloomFilters from 'bloom-filters';
import { DedupError } from './dedup-error.ts';
import { exactKeyOf } from './exact-deduplicator.ts';
import type { ExactKey, TextDocument } from './exact-deduplicator.ts';
import { hashText } from './hash-text.ts';

/** Settings of a {@link BloomDeduplicator}. */
export interface BloomOptions<D extends TextDocument = TextDocument> {
  /** how many different documents to plan for; more are fine, each further filter is twice as large */
  expectedDocuments: number;
  /** share of new documents that may be taken for repeats, in (0, 1); default 0.001 */
  falsePositiveRate?: number;
  /** what must be the same for two documents to be the same, by default the text */
  key?: ExactKey<D>;
}

/** Saved state; each filter is in the JSON format of the `bloom-filters` package. */
export interface BloomState {
  version: 1;
  expectedDocuments: number;
  falsePositiveRate: number;
  key: string;
  /** different documents in the newest filter */
  filled: number;
  filters: object[];
}

// The package is CommonJS whose named exports Node cannot see.
const { BloomFilter } = bloomFilters;

/** Beyond this many documents a filter would need more than the 2^32 bits that its hashes can address. */
const LARGEST_CAPACITY = 50_000_000;

/**
 * Finds repeats in a stream without end in fixed memory per document (14 bits at a rate of 0.001), at the price of some
 * false positives: never misses a repeat.
 *
 * A series of Bloom filters (Almeida et al., "Scalable Bloom Filters", 2007): filter i holds twice as many documents as
 * the one before at a rate of `falsePositiveRate` / 2^(i+1), so that the rates sum up to less than what was asked for.
 */
export class BloomDeduplicator<D extends TextDocument = TextDocument> {
  readonly #expectedDocuments: number;
  readonly #falsePositiveRate: number;
  readonly #key: ExactKey<D>;
  #filters: InstanceType<typeof BloomFilter>[] = [];
  #filled = 0;

  /** @throws DedupError `INVALID_OPTION` */
  constructor({ expectedDocuments, falsePositiveRate = 0.001, key = 'text' }: BloomOptions<D>) {
    if (!Number.isSafeInteger(expectedDocuments) || expectedDocuments < 1) {
      throw new DedupError('INVALID_OPTION', `expectedDocuments must be a positive integer, got ${expectedDocuments}`);
    }
    if (!(falsePositiveRate > 0 && falsePositiveRate < 1)) {
      throw new DedupError('INVALID_OPTION', `falsePositiveRate must be in (0, 1), got ${falsePositiveRate}`);
    }
    this.#expectedDocuments = expectedDocuments;
    this.#falsePositiveRate = falsePositiveRate;
    this.#key = key;
    this.#grow();
  }

  #capacity(filter: number): number {
    return Math.min(this.#expectedDocuments * 2 ** filter, LARGEST_CAPACITY);
  }

  #grow(): void {
    const filter = this.#filters.length;
    this.#filters.push(BloomFilter.create(this.#capacity(filter), this.#falsePositiveRate / 2 ** (filter + 1)));
    this.#filled = 0;
  }

  /** Takes the next document; `true` if it is new, `false` if one with the same key was (almost surely) there before. */
  add(document: D): boolean {
    const fingerprint = hashText(exactKeyOf(this.#key, document), 'xxh64').toString(16);
    if (this.#filters.some((filter) => filter.has(fingerprint))) return false;
    if (this.#filled === this.#capacity(this.#filters.length - 1)) this.#grow();
    this.#filters[this.#filters.length - 1].add(fingerprint);
    this.#filled++;
    return true;
  }

  /** Everything needed to go on later, as plain JSON. */
  toJSON(): BloomState {
    return {
      version: 1,
      expectedDocuments: this.#expectedDocuments,
      falsePositiveRate: this.#falsePositiveRate,
      key: typeof this.#key === 'string' ? this.#key : 'custom',
      filled: this.#filled,
      filters: this.#filters.map((filter) => filter.saveAsJSON() as object),
    };
  }

  /**
   * Goes on from saved state.
   *
   * @param key the key function, where one was used; functions are not saved
   * @throws DedupError `INVALID_STATE` when the state is damaged or was made with another key
   */
  static fromJSON<D extends TextDocument>(state: BloomState, key?: ExactKey<D>): BloomDeduplicator<D> {
    const wantedKey = typeof key === 'function' ? 'custom' : (key ?? state?.key);
    if (state?.version !== 1 || !Array.isArray(state.filters) || state.filters.length === 0) {
      throw new DedupError('INVALID_STATE', 'this is no saved state of a BloomDeduplicator (version 1)');
    }
    if (wantedKey !== state.key || (wantedKey === 'custom' && key === undefined)) {
      throw new DedupError(
        'INVALID_STATE',
        `the state was saved with key "${state.key}": pass the same key to fromJSON`,
      );
    }
    const restored = new BloomDeduplicator<D>({ ...state, key: key ?? (state.key as ExactKey<D>) });
    try {
      restored.#filters = state.filters.map(
        (filter) => BloomFilter.fromJSON(filter as JSON) as InstanceType<typeof BloomFilter>,
      );
    } catch (cause) {
      throw new DedupError('INVALID_STATE', `a saved filter cannot be restored: ${String(cause)}`, { cause });
    }
    restored.#filled = state.filled;
    return restored;
  }
}
