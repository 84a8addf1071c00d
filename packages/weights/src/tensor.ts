import type { Dtype } from './dtype.ts';

/** A tensor as it is stored. */
export interface NamedTensor {
  /** Sizes of the dimensions, row-major; `[]` is a scalar. */
  shape: number[];
  dtype: Dtype;
  /** The elements, little-endian, row-major. */
  data: Uint8Array;
}

/** Arrays whose elements are themselves; a `Uint8Array` with a dtype other than U8 or BOOL is taken as stored bytes. */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A tensor to be stored. */
export interface TensorInput {
  shape: readonly number[];
  data: TensorData;
  /** How to store it; f32 data may become F32, F64, F16 or BF16. Default: the type of `data`. */
  dtype?: Dtype;
}

/** Tensors by name; iteration order is the order of the model. */
export type TensorInputs = ReadonlyMap<string, TensorInput> | Readonly<Record<string, TensorInput>>;

/** The (name, tensor) pairs of either form. */
export function tensorEntries(tensors: TensorInputs): [string, TensorInput][] {
  return tensors instanceof Map ? [...tensors] : Object.entries(tensors);
}
