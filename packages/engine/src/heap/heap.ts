import { EngineError } from '../engine-error.ts';

/** Smallest block and alignment: one cache line, sixteen floats. Kernels rely on blocks being padded to it. */
const GRAIN = 64;
/** Kernels load whole vectors at the end of a row, so the last block of a range is followed by one spare grain. */
const SPARE = GRAIN;

/** A range of addresses. */
export interface MemoryRange {
  readonly address: number;
  readonly bytes: number;
}

/** Where a heap gets its memory from. */
export interface HeapMemory {
  /** Bytes the heap may have in all. */
  readonly limitBytes: number;
  /** Bytes taken from the system so far. */
  readonly reservedBytes: number;
  /**
   * More memory: at least `missing` bytes if they follow the last range, else at least `whole`.
   * Undefined when the limit or the system does not allow it.
   */
  extend(missing: number, whole: number): MemoryRange | undefined;
  /** The buffer that holds `address`, and where in it. Views of it stay valid. */
  locate(address: number): { readonly buffer: ArrayBufferLike; readonly offset: number };
}

/**
 * The size of the block that holds `bytes`: a multiple of 64, and from 256 on one of four steps between powers of two,
 * so that a block is at most a quarter too large and freed blocks find a new user.
 */
export function blockSize(bytes: number): number {
  if (bytes <= 4 * GRAIN) return Math.max(GRAIN, Math.ceil(bytes / GRAIN) * GRAIN);
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

/**
 * The memory that all tensors and threads share. Freed blocks are kept by size and handed out again:
 * a training step asks for the same sizes every time, so after the first step nothing is fetched from the system.
 */
export class Heap {
  readonly memory: HeapMemory;
  readonly #free = new Map<number, number[]>();
  #top = 0;
  #end = 0;
  #used = 0;
  #peak = 0;

  constructor(memory: HeapMemory) {
    this.memory = memory;
  }

  /** Bytes in blocks that are in use. */
  get usedBytes(): number {
    return this.#used;
  }

  /** The most bytes that were in use at once since the last call. */
  takePeak(): number {
    const peak = this.#peak;
    this.#peak = this.#used;
    return peak;
  }

  /** Address of a block of at least `bytes`. Its content is whatever was there. Throws EngineError OUT_OF_MEMORY. */
  allocate(bytes: number): number {
    const size = blockSize(bytes);
    const address = this.#free.get(size)?.pop() ?? this.#extend(size) ?? this.#split(size);
    if (address === undefined) throw this.#outOfMemory(bytes);
    this.#used += size;
    this.#peak = Math.max(this.#peak, this.#used);
    return address;
  }

  /** Gives back a block; `bytes` is what was asked for. */
  free(address: number, bytes: number): void {
    const size = blockSize(bytes);
    this.#used -= size;
    this.#keep(address, size);
  }

  #keep(address: number, size: number): void {
    const blocks = this.#free.get(size);
    if (blocks === undefined) this.#free.set(size, [address]);
    else blocks.push(address);
  }

  /** A fresh block at the end of the memory, which is extended if it must and can. */
  #extend(size: number): number | undefined {
    if (this.#top + size + SPARE > this.#end && !this.#reserve(size + SPARE)) return undefined;
    const address = this.#top;
    this.#top += size;
    return address;
  }

  #reserve(bytes: number): boolean {
    const range = this.memory.extend(Math.max(GRAIN, bytes - (this.#end - this.#top)), bytes);
    if (range === undefined) return false;
    if (range.address !== this.#end) {
      this.#cut(this.#top, this.#end - SPARE);
      this.#top = range.address;
    }
    this.#end = range.address + range.bytes;
    return true;
  }

  /** Makes free blocks of the addresses from `begin` to `end`. */
  #cut(begin: number, end: number): void {
    for (let rest = end - begin; rest >= GRAIN;) {
      const piece = largestBlock(rest);
      end -= piece;
      rest -= piece;
      this.#keep(end, piece);
    }
  }

  /** Last resort: the smallest free block that is large enough; what is left of it becomes smaller free blocks. */
  #split(size: number): number | undefined {
    let best = Infinity;
    for (const [candidate, blocks] of this.#free)
      if (candidate > size && candidate < best && blocks.length > 0) best = candidate;
    const address = this.#free.get(best)?.pop();
    if (address === undefined) return undefined;
    this.#cut(address + size, address + best);
    return address;
  }

  #outOfMemory(bytes: number): EngineError {
    const mebibytes = (value: number) => `${(value / 2 ** 20).toFixed(1)} MiB`;
    return new EngineError(
      'OUT_OF_MEMORY',
      `a tensor of ${mebibytes(bytes)} does not fit: ${mebibytes(this.#used)} of the engine's memory are in use and its limit is ` +
        `${mebibytes(this.memory.limitBytes)}; use a smaller batch, activation checkpointing, or dispose of tensors you no longer need`,
    );
  }
}

/** The largest block size that is at most `bytes` (a multiple of 64). */
function largestBlock(bytes: number): number {
  if (bytes <= 4 * GRAIN) return bytes;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.floor(bytes / step) * step;
}
