import { KERNEL_BYTES } from './kernel-bytes.ts';
import { TABLE_BYTES, normalizationTable } from './normalization-table.ts';
import type { Permutations } from './permutations.ts';

/** The string hashes that shingles can be taken with; the number is the one kernel.wat knows them by. */
const HASH_NUMBERS = { xxh64: 0, xxh32: 1, 'sha1-64': 2, 'sha1-32': 3 } as const;

/** A string hash: xxHash with seed 0, or the first bytes of SHA-1 read little-endian; 64 or 32 bits wide. */
export type HashName = keyof typeof HASH_NUMBERS;

/** The names of all hashes. */
export const HASH_NAMES = Object.keys(HASH_NUMBERS) as HashName[];

const PAGE_BYTES = 65_536;
/** Where each table of characters begins. */
const DIRECTORY_START = 16_384;
const TABLE_START = 33_792;
/** Tables of characters that are kept: all that a few scripts need. */
const CHARACTER_TABLES = 256;
/** Room between the normalised text and what is still to be read, by the length of the text: most texts get shorter. */
const GAPS = [0.125, 2.5];
const LEAST_GAP = 64;
/** What normalize() gives besides an end. */
const [NO_ROOM, CONTEXTUAL, MISSING] = [-1, -2, -3];
/** SHA-1 of short messages reads whole chunks, beyond the end of the text. */
const SLACK_BYTES = 64;
/** So many shingles at the beginning of a text change minima often; a multiple of four. */
const PLAIN_SHINGLES = 64;
const TOP = (1n << 64n) - 1n;
const LOW_32_BITS = 0xffff_ffffn;

interface KernelExports {
  memory: WebAssembly.Memory;
  hash(hashNumber: number, start: number, end: number): bigint;
  normalize(start: number, end: number, to: number): number;
  begin(start: number, end: number, words: number): void;
  next(hashNumber: number): number;
  fold(count: number, table: number, permutations: number, mask: bigint): void;
  foldWide(from: number, count: number, table: number, permutations: number): void;
}

/** A text in the kernel's memory, words separated by single spaces; valid until the next one is loaded. */
export interface LoadedText {
  start: number;
  end: number;
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
  readonly #charactersStart: number;
  readonly #textStart: number;
  #characterTables = 0;

  constructor(permutations: Permutations) {
    const { a, b } = permutations;
    this.#permutations = permutations;
    this.#charactersStart = TABLE_START + 3 * a.byteLength;
    this.#textStart = this.#charactersStart + CHARACTER_TABLES * TABLE_BYTES;
    this.#reserve(0);
    new BigUint64Array(this.#exports.memory.buffer, TABLE_START, a.length).set(a);
    new BigUint64Array(this.#exports.memory.buffer, TABLE_START + a.byteLength, a.length).set(b);
  }

  /** Memory of this instance, in bytes. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  #reserve(textBytes: number): void {
    const missing = this.#textStart + textBytes + SLACK_BYTES - this.#exports.memory.buffer.byteLength;
    if (missing > 0) this.#exports.memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  /** Writes the text into memory as UTF-8. */
  #write(text: string, start: number): LoadedText {
    const room = new Uint8Array(this.#exports.memory.buffer, start);
    return { start, end: start + this.#encoder.encodeInto(text, room).written };
  }

  /** @param text words separated by single spaces */
  load(text: string): LoadedText {
    this.#reserve(Buffer.byteLength(text));
    return this.#write(text, this.#textStart);
  }

  /**
   * Loads a text normalised as {@link normalizeText} does it.
   *
   * @returns `null` where a character depends on its neighbours, which only normalizeText can tell
   */
  loadNormalized(text: string): LoadedText | null {
    const length = Buffer.byteLength(text);
    for (const share of GAPS) {
      const gap = LEAST_GAP + Math.ceil(share * length);
      this.#reserve(length + gap);
      const { start, end } = this.#write(text, this.#textStart + gap);
      const normalized = this.#normalize(start, end);
      if (normalized === CONTEXTUAL) return null;
      if (normalized !== NO_ROOM) return { start: this.#textStart, end: normalized };
    }
    return null;
  }

  /** Makes the tables that turn out to be needed, and goes on. */
  #normalize(start: number, end: number): number {
    if (this.#characterTables === 0) this.#addTable(0);
    let result = this.#exports.normalize(start, end, this.#textStart);
    for (; result <= MISSING; result = this.#exports.normalize(0, end, this.#textStart))
      this.#addTable(MISSING - result);
    return result;
  }

  #addTable(number: number): void {
    const directory = new Uint32Array(
      this.#exports.memory.buffer,
      DIRECTORY_START,
      (TABLE_START - DIRECTORY_START) / 4,
    );
    if (this.#characterTables === CHARACTER_TABLES) {
      directory.fill(0, 1); // the first is always needed
      this.#characterTables = 1;
    }
    const place = this.#charactersStart + this.#characterTables++ * TABLE_BYTES;
    new Uint8Array(this.#exports.memory.buffer, place, TABLE_BYTES).set(normalizationTable(number));
    directory[number] = place;
  }

  /** The bytes of a loaded text, as they are in memory. */
  bytes({ start, end }: LoadedText): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, start, end - start);
  }

  /** The hash of a text's UTF-8 bytes, as an unsigned number. */
  hash(text: string, hash: HashName): bigint {
    const { start, end } = this.load(text);
    return BigInt.asUintN(64, this.#exports.hash(HASH_NUMBERS[hash], start, end));
  }

  /**
   * The hashes of all shingles of `size` words, in order, in blocks of at most 1024. A block is a view that is only valid
   * until the next is asked for.
   */
  *shingles({ start, end }: LoadedText, size: number, hash: HashName): Generator<BigUint64Array> {
    const { begin, next, memory } = this.#exports;
    begin(start, end, size);
    for (let count = next(HASH_NUMBERS[hash]); count > 0; count = next(HASH_NUMBERS[hash])) {
      yield new BigUint64Array(memory.buffer, 0, count);
    }
  }

  /** The minimum of every permutation over all shingles, or `null` where the text has fewer than `size` words. */
  minima(text: LoadedText, size: number, hash: HashName): BigUint64Array | null {
    const { length, byteLength } = this.#permutations.a;
    const isWide = !hash.endsWith('32');
    let blocks = 0;
    for (const block of this.shingles(text, size, hash)) {
      const minima = new BigUint64Array(this.#exports.memory.buffer, TABLE_START + 2 * byteLength, length);
      const plain = isWide && blocks > 0 ? 0 : Math.min(block.length, isWide ? PLAIN_SHINGLES : Infinity);
      if (blocks++ === 0) minima.fill(TOP);
      if (plain > 0) this.#exports.fold(plain, TABLE_START, length, isWide ? TOP : LOW_32_BITS);
      if (plain < block.length) this.#exports.foldWide(plain, block.length, TABLE_START, length);
    }
    if (blocks === 0) return null;
    return new BigUint64Array(this.#exports.memory.buffer, TABLE_START + 2 * byteLength, length).slice();
  }
}
