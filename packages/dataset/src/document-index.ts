import { DatasetError } from './dataset-error.ts';
import { PositionedFile } from './positioned-file.ts';

/** Document ends read at a time; of each block the last one is kept in memory. */
const BLOCK = 512;

/** `NAME.ds.index`: where each document of a shard ends, in tokens. One end in 512 is kept in memory. */
export class DocumentIndex {
  readonly documentCount: number;
  readonly #file: PositionedFile;
  readonly #tokenCount: number;
  #blockEnds: number[] | undefined;

  /** @throws DatasetError FILE_NOT_FOUND, CORRUPT_SHARD when the last document does not end at `tokenCount` */
  constructor(path: string, tokenCount: number) {
    this.#file = new PositionedFile(path);
    this.#tokenCount = tokenCount;
    this.documentCount = this.#file.size / 8;
    if (this.#file.size % 8 !== 0) throw this.#corrupt(`it must hold u64 numbers, got ${this.#file.size} bytes`);
    const lastEnd = this.documentCount === 0 ? 0 : this.ends(this.documentCount - 1, 1)[0];
    if (lastEnd !== tokenCount)
      throw this.#corrupt(`its last document must end at token ${tokenCount}, got ${lastEnd}`);
  }

  /** The ends of `count` documents from `first` on. */
  ends(first: number, count: number): Float64Array {
    const bytes = Buffer.allocUnsafe(count * 8);
    this.#file.read(bytes, first * 8);
    const ends = new Float64Array(count);
    for (let offset = 0; offset < count; offset++) {
      ends[offset] = bytes.readUInt32LE(offset * 8) + bytes.readUInt32LE(offset * 8 + 4) * 2 ** 32;
      if (ends[offset] > this.#tokenCount || (offset > 0 && ends[offset] < ends[offset - 1])) {
        throw this.#corrupt(`document ${first + offset} ends at token ${ends[offset]}, which is out of order`);
      }
    }
    return ends;
  }

  /** The tokens strictly inside (start, end) before which a document ends, ascending, each once. */
  endsBetween(start: number, end: number): number[] {
    const found: number[] = [];
    for (let first = this.#blockOf(start) * BLOCK; first < this.documentCount; first += BLOCK) {
      for (const boundary of this.ends(first, Math.min(BLOCK, this.documentCount - first))) {
        if (boundary >= end) return found;
        // Other writers may list empty documents, whose end repeats.
        if (boundary > start && boundary !== found.at(-1)) found.push(boundary);
      }
    }
    return found;
  }

  close(): void {
    this.#file.close();
  }

  /** The first block that has an end greater than `token`, or one past the last. */
  #blockOf(token: number): number {
    this.#blockEnds ??= this.#readBlockEnds();
    let low = 0;
    let high = this.#blockEnds.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#blockEnds[middle] > token) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Reads the index once, which also checks its order. */
  #readBlockEnds(): number[] {
    const blockEnds: number[] = [];
    for (let first = 0; first < this.documentCount; first += BLOCK) {
      const ends = this.ends(first, Math.min(BLOCK, this.documentCount - first));
      if (ends[0] < (blockEnds.at(-1) ?? 0)) throw this.#corrupt(`document ${first} ends before the one before it`);
      blockEnds.push(ends[ends.length - 1]);
    }
    return blockEnds;
  }

  #corrupt(what: string): DatasetError {
    return new DatasetError('CORRUPT_SHARD', `${this.#file.path} is damaged: ${what}; tokenize the documents again`);
  }
}
