import { EngineError } from '../engine-error.ts';

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536;
/** Memory is taken from the system in steps of at least this many pages. */
const GROWTH_PAGES = 256;
/** Smallest block and alignment: one cache line, sixteen floats. Kernels rely on blocks being padded to it. */
const GRAIN = 64;
/** The first page is left to the static data of the module. */
const FIRST_ADDRESS = PAGE;

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
  readonly memory: WebAssembly.Memory;
  readonly #maximumPages: number;
  readonly #free = new Map<number, number[]>();
  #top = FIRST_ADDRESS;
  #used = 0;

  constructor(maximumBytes: number = MAXIMUM_PAGES * PAGE) {
    this.#maximumPages = Math.min(MAXIMUM_PAGES, Math.max(2, Math.floor(maximumBytes / PAGE)));
    this.memory = new WebAssembly.Memory({ initial: 2, maximum: this.#maximumPages, shared: true });
  }

  /** Bytes in blocks that are in use. */
  get usedBytes(): number {
    return this.#used;
  }

  /** Bytes taken from the system. */
  get reservedBytes(): number {
    return this.memory.buffer.byteLength;
  }

  /** Address of a block of at least `bytes`. Its content is whatever was there. Throws EngineError OUT_OF_MEMORY. */
  allocate(bytes: number): number {
    const size = blockSize(bytes);
    const address = this.#free.get(size)?.pop() ?? this.#extend(size) ?? this.#split(size);
    if (address === undefined) throw this.#outOfMemory(bytes);
    this.#used += size;
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

  /** A fresh block at the end of the memory, which grows if it must and can. */
  #extend(size: number): number | undefined {
    const end = this.#top + size;
    // One spare grain, for kernels load whole vectors at the end of a row.
    const missing = Math.ceil((end + GRAIN) / PAGE) - this.memory.buffer.byteLength / PAGE;
    if (missing > 0 && !this.#grow(missing)) return undefined;
    const address = this.#top;
    this.#top = end;
    return address;
  }

  #grow(pages: number): boolean {
    const left = this.#maximumPages - this.memory.buffer.byteLength / PAGE;
    if (pages > left) return false;
    try {
      this.memory.grow(Math.min(left, Math.max(pages, GROWTH_PAGES)));
      return true;
    } catch {
      return false; // the system has no more memory, though the limit would allow it
    }
  }

  /** Last resort: the smallest free block that is large enough; what is left of it becomes smaller free blocks. */
  #split(size: number): number | undefined {
    let best = Infinity;
    for (const [candidate, blocks] of this.#free)
      if (candidate > size && candidate < best && blocks.length > 0) best = candidate;
    const address = this.#free.get(best)?.pop();
    if (address === undefined) return undefined;
    let rest = best - size;
    for (let end = address + best; rest >= GRAIN;) {
      const piece = largestBlock(rest);
      end -= piece;
      rest -= piece;
      this.#keep(end, piece);
    }
    return address;
  }

  #outOfMemory(bytes: number): EngineError {
    const mebibytes = (value: number) => `${(value / 2 ** 20).toFixed(1)} MiB`;
    return new EngineError(
      'OUT_OF_MEMORY',
      `a tensor of ${mebibytes(bytes)} does not fit: ${mebibytes(this.#used)} of the wasm heap are in use and its limit is ` +
        `${mebibytes(this.#maximumPages * PAGE)}; use a smaller batch, activation checkpointing, or dispose of tensors you no longer need`,
    );
  }
}

/** The largest block size that is at most `bytes` (a multiple of 64). */
function largestBlock(bytes: number): number {
  if (bytes <= 4 * GRAIN) return bytes;
  const step = 2 ** (Math.floor(Math.log2(bytes)) - 2);
  return Math.floor(bytes / step) * step;
}
