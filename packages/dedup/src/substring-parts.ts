import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BucketSearch } from './bucket-search.ts';
import { DedupError } from './dedup-error.ts';
import { MARKING_BYTES } from './mark-windows.ts';
import type { KeptCopy } from './mark-windows.ts';
import { NumberFile } from './number-file.ts';
import { RangeBuckets } from './range-buckets.ts';
import { SymbolFiles } from './symbol-files.ts';
import type { Piece } from './symbol-files.ts';
import { WindowFilter, joinRange } from './window-filter.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';
import { WindowMinimizers, mixBits } from './window-minimizers.ts';

/**
 * Exact substrings of more text than memory holds. Sequences lie in files; a filter tells which parts of them may be repeated.
 * Where these are too many, they are put into buckets by their minimizers (Li et al., "Memory efficient minimum substring
 * partitioning", 2013): equal windows have the same one, so that each bucket is searched by itself. Work is linear in the input;
 * what a window is taken for does not depend on how it was cut.
 */

/** How sequences are kept and compared. */
export interface PartsOptions {
  /** for files that may be deleted afterwards */
  folder: string;
  /** bytes of a symbol: 1 for text, 4 for token ids */
  width: 1 | 4;
  minimum: number;
  keep: KeptCopy;
  /** bytes for the slots of the filter, and then for suffix arrays */
  memory: number;
  /** told how many buckets are done, of how many */
  onBucket?: (done: number, total: number) => void;
}

/** Bytes for each symbol that is sorted: what sorting takes, the symbols and a joined copy of them. */
const SYMBOL_BYTES = MARKING_BYTES + 8;
/** How many times as many buckets there are where those before were too few. */
const MORE_BUCKETS = 8;
const MOST_BUCKETS = 512;
/** Most of a bucket at first, in what can be sorted at once: much of it is copies, of which one is kept in memory. */
const BUCKET_CAPACITIES = 4;

/** Finds the repeated ranges of sequences that are given one after the other. */
export class SubstringParts {
  readonly #options: PartsOptions;
  readonly #symbols: SymbolFiles;

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#symbols = new SymbolFiles(options.width);
  }

  /** Takes the next sequences: a file of their symbols, and how many each of them has. */
  add(path: string, lengths: Iterable<number>): void {
    this.#symbols.append(path, lengths);
  }

  /**
   * Finds the repeats among all sequences.
   *
   * @returns asked for the numbers of sequences in ascending order, gives the repeated ranges of each
   * @throws DedupError `OUT_OF_MEMORY` where what is different cannot be held, even in many buckets
   */
  find(): (sequence: number) => SymbolRange[] {
    mkdirSync(this.#options.folder, { recursive: true });
    const candidates = this.#findCandidates();
    const total = candidates.symbolsIn(0);
    let count = 1;
    while (total > count * BUCKET_CAPACITIES * this.#capacity) count *= MORE_BUCKETS;
    for (; count <= MOST_BUCKETS; count *= MORE_BUCKETS) {
      const found = this.#search(this.#distribute(candidates, count));
      if (found !== null) return this.#reader(found);
    }
    throw this.#tooLittle(total);
  }

  /** Deletes the files. */
  close(): void {
    this.#symbols.close();
    rmSync(this.#options.folder, { recursive: true });
  }

  #open(name: string, count: number): RangeBuckets {
    return new RangeBuckets(count, (bucket) => join(this.#options.folder, `${name}-${bucket}`));
  }

  /** Symbols that may be sorted at once. */
  get #capacity(): number {
    const { memory, minimum } = this.#options;
    return Math.max(8 * minimum, Math.floor(memory / SYMBOL_BYTES));
  }

  #tooLittle(total: number): DedupError {
    const { memory } = this.#options;
    const enough = Math.ceil((total * SYMBOL_BYTES) / 2 ** 20);
    const message = `memory of ${memory} bytes is too little for ${total} symbols that may be repeated; ${enough} MiB are enough, and mostly a small part of that`;
    return new DedupError('OUT_OF_MEMORY', message);
  }

  /** Parts of sequences that may be repeated. */
  #findCandidates(): RangeBuckets {
    const { minimum, memory } = this.#options;
    const filter = new WindowFilter(minimum, this.#symbols.length, memory);
    const candidates = this.#open('candidates', 1);
    const whole = (sequence: number) => ({ sequence, start: 0, end: this.#symbols.lengthOf(sequence) });
    for (let sequence = 0; sequence < this.#symbols.count; sequence++) filter.note(this.#symbols.read(whole(sequence)));
    for (let sequence = 0; sequence < this.#symbols.count; sequence++) {
      const ranges = filter.candidates(this.#symbols.read(whole(sequence)));
      for (const range of ranges) candidates.add(0, { sequence, ...range });
    }
    candidates.close();
    return candidates;
  }

  /** Puts the windows with the same minimizer into the same bucket. */
  #distribute(candidates: RangeBuckets, count: number): RangeBuckets {
    if (count === 1) return candidates;
    const { minimum } = this.#options;
    const minimizers = new WindowMinimizers(minimum);
    const buckets = this.#open('bucket', count);
    for (const piece of candidates.read(0)) {
      const { sequence, start } = piece;
      minimizers.visit(this.#symbols.read(piece), (first, end, name) => {
        const range = { sequence, start: start + first, end: start + end + minimum - 1 };
        buckets.add(mixBits(~name) % count, range);
      });
    }
    buckets.close();
    return buckets;
  }

  /** Searches all buckets; gives null where there are too few of them. */
  #search(buckets: RangeBuckets): RangeBuckets | null {
    const found = this.#open('ranges', buckets.count);
    for (let bucket = 0; bucket < buckets.count; bucket++) {
      const ranges = this.#searchBucket(buckets.read(bucket));
      if (ranges === null) return null;
      for (const range of ranges) found.add(bucket, range);
      this.#options.onBucket?.(bucket + 1, buckets.count);
    }
    found.close();
    return found;
  }

  #searchBucket(pieces: Iterable<Piece>): Piece[] | null {
    const { minimum, keep } = this.#options;
    const read = (piece: Piece): Symbols => this.#symbols.read(piece);
    const search = new BucketSearch({ minimum, keep, capacity: this.#capacity, read });
    for (const piece of pieces) if (!search.take(piece)) return null;
    return search.finish();
  }

  #reader(found: RangeBuckets): (sequence: number) => SymbolRange[] {
    const files = Array.from({ length: found.count }, (_, bucket) => found.open(bucket));
    const rowsOf = function* (file: NumberFile, sequence: number) {
      for (let row = file.rowOf(sequence); row !== null; row = file.rowOf(sequence)) yield row;
    };
    return (sequence) => {
      const rows = files.flatMap((file) => [...rowsOf(file, sequence)]).sort((left, right) => left[1] - right[1]);
      const ranges: SymbolRange[] = [];
      for (const [, start, end] of rows) joinRange(ranges, start, end);
      return ranges;
    };
  }
}
