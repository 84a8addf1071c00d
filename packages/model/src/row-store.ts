/** Legend: T positions, G key/value heads, K head dimension; the batch is 1. */
import * as tf from '@tensorflow/tfjs-core';

/** A tensor `[1, T, G, K]` that grows along T. */
export interface RowStore {
  /**
   * Puts rows at positions start, start + 1, …; what was there and after is gone.
   *
   * @returns all rows up to the last one written, to be used within the caller's tidy
   */
  write(rows_1TGK: tf.Tensor4D, start: number): tf.Tensor4D;
  dispose(): void;
}

/** A backend that shows its tensors' memory, as the engines wasm and native of `@smol/engine` do. */
interface OpenBackend extends tf.KernelBackend {
  values(tensor: tf.TensorInfo): Float32Array;
}

function openBackend(): OpenBackend | undefined {
  const backend = tf.backend() as Partial<OpenBackend>;
  return typeof backend.values === 'function' ? (backend as OpenBackend) : undefined;
}

/** Preallocated: rows are written in place, and what is handed out is the beginning of the same memory. */
class PreallocatedRows implements RowStore {
  readonly #backend: OpenBackend;
  #rows_1TGK: tf.Tensor4D;

  constructor(backend: OpenBackend, capacity: number, groups: number, dimension: number) {
    this.#backend = backend;
    this.#rows_1TGK = PreallocatedRows.#allocate(capacity, groups, dimension);
  }

  static #allocate(capacity: number, groups: number, dimension: number): tf.Tensor4D {
    return tf.keep(tf.zeros([1, capacity, groups, dimension]));
  }

  write(rows_1TGK: tf.Tensor4D, start: number): tf.Tensor4D {
    const [, count, groups, dimension] = rows_1TGK.shape;
    const end = start + count;
    if (end > this.#rows_1TGK.shape[1]) this.#grow(end);
    this.#backend.values(this.#rows_1TGK).set(this.#backend.values(rows_1TGK), start * groups * dimension);
    return this.#beginning(end);
  }

  /** Shares the memory: one more reference to it, which goes with the tensor that is returned. */
  #beginning(length: number): tf.Tensor4D {
    const { dataId, dtype, shape } = this.#rows_1TGK;
    this.#backend.incRef(dataId);
    const info = { dataId, dtype, shape: [1, length, shape[2], shape[3]] };
    return tf.engine().makeTensorFromTensorInfo(info, this.#backend) as tf.Tensor4D;
  }

  #grow(length: number): void {
    const [, capacity, groups, dimension] = this.#rows_1TGK.shape;
    const larger_1TGK = PreallocatedRows.#allocate(Math.max(length, 2 * capacity), groups, dimension);
    this.#backend.values(larger_1TGK).set(this.#backend.values(this.#rows_1TGK));
    this.#rows_1TGK.dispose();
    this.#rows_1TGK = larger_1TGK;
  }

  dispose(): void {
    this.#rows_1TGK.dispose();
  }
}

/** The first `start` old rows, then the new ones. */
function join(old_1TGK: tf.Tensor4D, rows_1TGK: tf.Tensor4D, start: number): tf.Tensor4D {
  const kept_1TGK = old_1TGK.shape[1] > start ? tf.slice(old_1TGK, [0, 0, 0, 0], [1, start, -1, -1]) : old_1TGK;
  return tf.concat([kept_1TGK, rows_1TGK], 1);
}

/** For backends that keep their memory to themselves: every write joins old and new rows in a new tensor. */
class JoinedRows implements RowStore {
  #rows_1TGK: tf.Tensor4D | undefined;

  write(rows_1TGK: tf.Tensor4D, start: number): tf.Tensor4D {
    const old_1TGK = this.#rows_1TGK;
    const joined_1TGK = old_1TGK && start > 0 ? join(old_1TGK, rows_1TGK, start) : tf.clone(rows_1TGK);
    this.#rows_1TGK = tf.keep(joined_1TGK);
    old_1TGK?.dispose();
    return joined_1TGK;
  }

  dispose(): void {
    this.#rows_1TGK?.dispose();
  }
}

/**
 * Room for rows of keys or values, preallocated where the current backend allows to write into tensors.
 *
 * @param capacity positions to make room for at once
 */
export function createRowStore(capacity: number, groups: number, dimension: number): RowStore {
  const backend = openBackend();
  return backend ? new PreallocatedRows(backend, capacity, groups, dimension) : new JoinedRows();
}
