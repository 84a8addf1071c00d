import { KERNEL_BYTES } from './kernel-bytes.ts';
import type { Permutations } from './permutations.ts';

/** The string hashes that shingles can be taken with; the number is the one kernel.wat knows them by. */
const HASH_NUMBERS = { xxh64: 0, xxh32: 1, 'sha1-64': 2, 'sha1-32': 3 } as const;

/** A string hash: xxHash with seed 0, or the first bytes of SHA-1 read little-endian; 64 or 32 bits wide. */
export type HashName = keyof typeof HASH_NUMBERS;

/** The names of all hashes. */
export const HASH_NAMES = Object.keys(HASH_NUMBERS) as HashName[];

const PAGE_BYTES = 65_536;
const TABLE_START = 16_384;
/** SHA-1 of short messages reads whole chunks, beyond the end of the text. */
const SLACK_BYTES = 64;
const TOP = (1n << 64n) - 1n;
const LOW_32_BITS = 0xffff_ffffn;

interface KernelExports {
  memory: WebAssembly.Memory;
  hash(hashNumber: number, start: number, end: number): bigint;
  begin(start: number, end: number, words: number): void;
  next(hashNumber: number): number;
  fold(count: number, table: number, permutations: number, mask: bigint): void;
  foldWide(count: number, table: number, permutations: number): void;
}

let compiled: WebAssembly.Module | undefined;

function instantiate(): KernelExports {
  compiled ??= new WebAssembly.Module(KERNEL_BYTES);
  return new WebAssembly.Instance(compiled).exports as unknown as KernelExports;
}

/**
 * One instance of kernel.wat with its memory: a table of permutations and the text at work. Memory grows to the longest
 * text seen (in UTF-8) and is given back when the instance is collected.
 */
export class Kernel {
  readonly #exports = instantiate();
  readonly #encoder = new TextEncoder();
  readonly #permutations: Permutations;
  readonly #textStart: number;

  constructor(permutations: Permutations) {
    const { a, b } = permutations;
    this.#permutations = permutations;
    this.#textStart = TABLE_START + 3 * a.byteLength;
    this.#reserve(0);
    new BigUint64Array(this.#exports.memory.buffer, TABLE_START, a.length).set(a);
    new BigUint64Array(this.#exports.memory.buffer, TABLE_START + a.byteLength, a.length).set(b);
  }

  #reserve(textBytes: number): void {
    const missing = this.#textStart + textBytes + SLACK_BYTES - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  /** Writes the text into memory as UTF-8 and gives its end. */
  #load(text: string): number {
    this.#reserve(Buffer.byteLength(text));
    const room = new Uint8Array(this.#exports.memory.buffer, this.#textStart);
    return this.#textStart + this.#encoder.encodeInto(text, room).written;
  }

  /** The hash of a text's UTF-8 bytes, as an unsigned number. */
  hash(text: string, hash: HashName): bigint {
    return BigInt.asUintN(64, this.#exports.hash(HASH_NUMBERS[hash], this.#textStart, this.#load(text)));
  }

  /**
   * The hashes of all shingles of `size` words, in order, in blocks of at most 1024. A block is a view that is only valid
   * until the next is asked for.
   *
   * @param text words separated by single spaces
   */
  *shingles(text: string, size: number, hash: HashName): Generator<BigUint64Array> {
    const { begin, next, memory } = this.#exports;
    begin(this.#textStart, this.#load(text), size);
    for (let count = next(HASH_NUMBERS[hash]); count > 0; count = next(HASH_NUMBERS[hash])) {
      yield new BigUint64Array(memory.buffer, 0, count);
    }
  }

  /** The minimum of every permutation over all shingles, or `null` where the text has fewer than `size` words. */
  minima(text: string, size: number, hash: HashName): BigUint64Array | null {
    const { length, byteLength } = this.#permutations.a;
    const isWide = !hash.endsWith('32');
    let blocks = 0;
    for (const block of this.shingles(text, size, hash)) {
      const minima = new BigUint64Array(this.#exports.memory.buffer, TABLE_START + 2 * byteLength, length);
      if (blocks++ === 0) minima.fill(TOP);
      if (isWide) this.#exports.foldWide(block.length, TABLE_START, length);
      else this.#exports.fold(block.length, TABLE_START, length, LOW_32_BITS);
    }
    if (blocks === 0) return null;
    return new BigUint64Array(this.#exports.memory.buffer, TABLE_START + 2 * byteLength, length).slice();
  }
}
