import type { DataType } from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';

type HeapArray = Float32Array | Int32Array | Uint8Array;

/** True for the dtypes whose values are kept in the heap; strings and complex pairs stay with the cpu backend. */
export function isHeapDtype(dtype: DataType): boolean {
  return dtype === 'float32' || dtype === 'int32' || dtype === 'bool';
}

/** The values of a tensor in the heap. Has the shape of the cpu backend's `TensorData`, whose kernels read `values`. */
export class HeapTensor {
  readonly address: number;
  readonly length: number;
  readonly dtype: DataType;
  readonly #heap: Heap;
  refCount: number;
  #view: HeapArray | undefined;
  #converted: HeapTensor | undefined;

  constructor(heap: Heap, length: number, dtype: DataType, refCount: number) {
    this.#heap = heap;
    this.length = length;
    this.dtype = dtype;
    this.refCount = refCount;
    this.address = heap.allocate(this.#bytes);
  }

  get #bytes(): number {
    return this.length * (this.dtype === 'bool' ? 1 : 4);
  }

  /** A view of the values. It stays valid when the memory grows. */
  get values(): HeapArray {
    return (this.#view ??= this.#createView());
  }

  #createView(): HeapArray {
    const { buffer, offset } = this.#heap.memory.locate(this.address);
    if (this.dtype === 'float32') return new Float32Array(buffer, offset, this.length);
    if (this.dtype === 'int32') return new Int32Array(buffer, offset, this.length);
    return new Uint8Array(buffer, offset, this.length);
  }

  /**
   * Address of the values in the representation of `dtype`. The cpu backend casts int32 to float32 by relabelling the tensor,
   * so the two may differ; then a converted copy is made and kept.
   */
  addressAs(dtype: DataType): number {
    if (dtype === this.dtype) return this.address;
    if (this.#converted?.dtype !== dtype) {
      this.#converted?.free();
      this.#converted = new HeapTensor(this.#heap, this.length, dtype, 1);
      this.#converted.values.set(this.values);
    }
    return this.#converted.address;
  }

  /** Gives the memory back. */
  free(): void {
    this.#converted?.free();
    this.#heap.free(this.address, this.#bytes);
  }
}
