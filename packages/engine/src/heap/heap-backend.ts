import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Heap } from './heap.ts';
import { HeapTensor, isHeapDtype } from './heap-tensor.ts';

/** Runs the compiled loops of an engine on all its threads. */
export interface KernelPool {
  /** Threads that work, the calling one included. */
  readonly threads: number;
  /** Runs the loop of that name over `units` units of work, cut into chunks of at least `grain` units. Arguments are numbers and addresses. */
  run(kernel: string, units: number, grain: number, ...args: number[]): void;
  /** Ends the other threads; the calling one goes on alone. */
  stop(): void;
}

/** A tensor a kernel is about to fill. */
export interface Output {
  readonly tensor: tf.TensorInfo;
  readonly address: number;
}

/**
 * A tfjs backend whose tensors live in a heap of its own, outside JavaScript's. It extends the cpu backend, so that every kernel of
 * 'cpu' works on it unchanged (on views of that memory), and a kernel needs a faster version only where time is spent.
 */
export class HeapBackend extends MathBackendCPU {
  readonly heap: Heap;
  readonly pool: KernelPool;
  readonly #tensors = new WeakMap<object, HeapTensor>();
  #outputs: object[] = [];

  constructor(heap: Heap, pool: KernelPool) {
    super();
    // Keeps the cpu backend from advising, at the first string tensor, to install something faster.
    (this as unknown as { firstUse: boolean }).firstUse = false;
    this.heap = heap;
    this.pool = pool;
  }

  /** Stores a copy of the values: later changes of the caller's array do not reach the tensor. */
  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    if (!isHeapDtype(dtype) || values == null) return super.write(values, shape, dtype);
    const dataId = {};
    this.#store(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    if (!isHeapDtype(dtype) || values == null) super.move(dataId, values, shape, dtype, refCount);
    else this.#store(dataId, values, shape, dtype, refCount);
  }

  #store(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void {
    const tensor = new HeapTensor(this.heap, tf.util.sizeFromShape(shape), dtype, refCount);
    tensor.values.set(values as Float32Array);
    this.#adopt(dataId, tensor);
  }

  #adopt(dataId: object, tensor: HeapTensor): void {
    this.#tensors.set(dataId, tensor);
    this.data.set(dataId, tensor);
  }

  /** A tensor with undefined content, for a kernel to fill. */
  output(shape: number[], dtype: 'float32' | 'int32' = 'float32'): Output {
    const dataId = {};
    const tensor = new HeapTensor(this.heap, tf.util.sizeFromShape(shape), dtype, 1);
    this.#adopt(dataId, tensor);
    this.#outputs.push(dataId);
    return { tensor: { dataId, shape, dtype }, address: tensor.address };
  }

  /** Runs a kernel; if it throws, the outputs it has made so far are freed, so that a caller may try something smaller. */
  runKernel<T>(kernel: () => T): T {
    this.#outputs = [];
    try {
      return kernel();
    } catch (error) {
      for (const dataId of this.#outputs) this.disposeData(dataId);
      throw error;
    }
  }

  /** Where the values of a tensor lie, in the representation of its dtype. */
  address(tensor: tf.TensorInfo): number {
    const held = this.#tensors.get(tensor.dataId) ?? (this.data.get(tensor.dataId) as HeapTensor);
    return held.addressAs(tensor.dtype);
  }

  /** The addresses of several tensors. */
  addresses(...tensors: tf.TensorInfo[]): number[] {
    return tensors.map((tensor) => this.address(tensor));
  }

  /** A view of the values of a tensor, valid as long as the tensor. */
  values(tensor: tf.TensorInfo): Float32Array | Int32Array | Uint8Array {
    return (this.data.get(tensor.dataId) as HeapTensor).values;
  }

  /** Runs `use` with the address of a block that is freed afterwards. */
  withBlock<T>(bytes: number, use: (address: number) => T): T {
    const address = this.heap.allocate(bytes);
    try {
      return use(address);
    } finally {
      this.heap.free(address, bytes);
    }
  }

  /** A copy of the values, never a view of the heap. */
  override readSync(dataId: object): tf.backend_util.BackendValues {
    const tensor = this.#tensors.get(dataId);
    return tensor === undefined ? super.readSync(dataId) : tensor.values.slice();
  }

  override disposeData(dataId: object, force = false): boolean {
    const tensor = this.#tensors.get(dataId);
    const released = super.disposeData(dataId, force);
    if (released && tensor !== undefined) {
      this.#tensors.delete(dataId);
      tensor.free();
    }
    return released;
  }

  /** Exact figures: bytes of tensors in use and bytes taken from the system. */
  override memory(): { unreliable: boolean; reasons: string[]; usedBytes: number; reservedBytes: number } {
    return {
      unreliable: false,
      reasons: [],
      usedBytes: this.heap.usedBytes,
      reservedBytes: this.heap.memory.reservedBytes,
    };
  }

  override dispose(): void {
    this.pool.stop();
  }
}
