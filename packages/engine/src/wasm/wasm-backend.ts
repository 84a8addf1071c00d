import { Heap } from '../heap/heap.ts';
import { HeapBackend } from '../heap/heap-backend.ts';
import { compileKernels } from './kernel-module.ts';
import { ThreadPool } from './thread-pool.ts';
import { WasmMemory } from './wasm-memory.ts';

/** The wasm engine's backend: its heap is WebAssembly memory that all threads share. */
export class WasmBackend extends HeapBackend {
  declare readonly pool: ThreadPool;
  #scratch = { address: 0, bytes: 0 };

  /** Compiles the kernels and makes an empty heap with the given limit (4 GiB if not given). One thread until `pool.resize`. */
  static async create(maximumBytes?: number): Promise<WasmBackend> {
    const memory = new WasmMemory(maximumBytes);
    return new WasmBackend(new Heap(memory), new ThreadPool(await compileKernels(), memory.memory));
  }

  /** A scratch area of `bytes` for each thread, valid until the next call. Returns its address. */
  scratch(bytes: number): number {
    const total = bytes * this.pool.threads;
    if (total > this.#scratch.bytes) {
      if (this.#scratch.bytes > 0) this.heap.free(this.#scratch.address, this.#scratch.bytes);
      this.#scratch = { address: 0, bytes: 0 };
      this.#scratch = { address: this.heap.allocate(total), bytes: total };
    }
    return this.#scratch.address;
  }
}
