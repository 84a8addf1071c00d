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

/** A tensor that is made when its turn comes to be written. */
export interface LazyTensorInput {
  shape: readonly number[];
  dtype: Dtype;
  /** f32 values that become `dtype`, or stored bytes of it. */
  load(): TensorData | Promise<TensorData>;
}

/** Tensors by name; iteration order is the order of the model. */
export type TensorInputs = ReadonlyMap<string, TensorInput> | Readonly<Record<string, TensorInput>>;

/** Tensors by name, of which not all need be in memory. */
export type WritableTensors =
  | ReadonlyMap<string, TensorInput | LazyTensorInput>
  | Readonly<Record<string, TensorInput | LazyTensorInput>>;

/** The (name, tensor) pairs of either form. */
export function tensorEntries<T>(tensors: ReadonlyMap<string, T> | Readonly<Record<string, T>>): [string, T][] {
  return tensors instanceof Map ? [...(tensors as Map<string, T>)] : Object.entries(tensors);
}

/** The tensor with its data in memory. */
export async function loadInput(tensor: TensorInput | LazyTensorInput): Promise<TensorInput> {
  if (!('load' in tensor)) return tensor;
  const { shape, dtype } = tensor;
  return { shape, dtype, data: await tensor.load() };
}
