import type { HeapMemory, MemoryRange } from '../heap/heap.ts';

const PAGE = 65_536;
const MAXIMUM_PAGES = 65_536;
/** Memory is taken from the system in steps of at least this many pages. */
const GROWTH_PAGES = 256;
/** The first page is left to the static data of the module. */
const FIRST_ADDRESS = PAGE;

/** One shared WebAssembly memory that grows. It never moves, so views stay valid. */
export class WasmMemory implements HeapMemory {
  readonly memory: WebAssembly.Memory;
  readonly #maximumPages: number;
  #end = FIRST_ADDRESS;

  /** @param limitBytes at most 4 GiB, the most that 32-bit WebAssembly can address */
  constructor(limitBytes: number = MAXIMUM_PAGES * PAGE) {
    this.#maximumPages = Math.min(MAXIMUM_PAGES, Math.max(2, Math.floor(limitBytes / PAGE)));
    this.memory = new WebAssembly.Memory({ initial: 2, maximum: this.#maximumPages, shared: true });
  }

  get limitBytes(): number {
    return this.#maximumPages * PAGE;
  }

  get reservedBytes(): number {
    return this.memory.buffer.byteLength;
  }

  extend(missing: number): MemoryRange | undefined {
    const pages = Math.ceil((this.#end + missing) / PAGE) - this.reservedBytes / PAGE;
    if (pages > 0 && !this.#grow(pages)) return undefined;
    const address = this.#end;
    this.#end = this.reservedBytes;
    return { address, bytes: this.#end - address };
  }

  #grow(pages: number): boolean {
    const left = this.#maximumPages - this.reservedBytes / PAGE;
    if (pages > left) return false;
    try {
      this.memory.grow(Math.min(left, Math.max(pages, GROWTH_PAGES)));
      return true;
    } catch {
      return false; // the system has no more memory, though the limit would allow it
    }
  }

  locate(address: number): { buffer: ArrayBufferLike; offset: number } {
    return { buffer: this.memory.buffer, offset: address };
  }
}
