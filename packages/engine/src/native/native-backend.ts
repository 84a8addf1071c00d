import { Heap } from '../heap/heap.ts';
import { HeapBackend } from '../heap/heap-backend.ts';
import type { NativeAddon } from './load-addon.ts';
import { NativeMemory } from './native-memory.ts';
import { NativePool } from './native-pool.ts';

/** Operands of matrix products: f32, or bfloat16 with sums in f32. */
export type Precision = 'f32' | 'bf16';

/** The native engine's backend: its heap lies outside JavaScript's, and its loops are compiled C++. */
export class NativeBackend extends HeapBackend {
  declare readonly pool: NativePool;
  precision: Precision = 'f32';

  /** @param limitBytes most memory for tensors */
  constructor(addon: NativeAddon, limitBytes: number) {
    super(new Heap(new NativeMemory(addon, limitBytes)), new NativePool(addon));
  }
}
