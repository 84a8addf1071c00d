import type { MinHashOptions } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';

/** A hasher that has seen a text which takes more is not kept. */
const LARGEST_KERNEL = 2 ** 25;

/**
 * What a thread works in from task to task. Buffers that were made anew for every task would wait for the garbage collector
 * beside the next ones; pages of one that is kept are only taken from the system once they are written to.
 */
export class Workspace {
  #words = new Uint32Array(0);
  #hasher: MinHasher | undefined;
  #hasherName = '';

  /**
   * Numbers to write over; those given before are the same ones.
   *
   * @param bytes how much a task may take, the same for all
   * @param least numbers that are needed even where that is more
   */
  words(bytes: number, least: number): Uint32Array {
    const count = Math.max(Math.floor(bytes / 4), least);
    if (this.#words.length < count) this.#words = new Uint32Array(count);
    return this.#words;
  }

  /** A hasher with these settings. */
  hasher(options: MinHashOptions): MinHasher {
    const name = JSON.stringify(options);
    const isKept = this.#hasherName === name && this.#hasher!.memoryBytes <= LARGEST_KERNEL;
    if (!isKept) this.#hasher = new MinHasher(options);
    this.#hasherName = name;
    return this.#hasher!;
  }

  /** Lets go of everything. */
  clear(): void {
    this.#words = new Uint32Array(0);
    this.#hasher = undefined;
    this.#hasherName = '';
  }
}
