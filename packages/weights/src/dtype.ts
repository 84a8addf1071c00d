import { WeightsError } from './weights-error.ts';

/**
 * Bytes of one element, by safetensors dtype name, in the order in which the reference implementation declares them
 * (huggingface/safetensors, `tensor.rs`): files are laid out from the last of these to the first.
 */
const ELEMENT_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
} as const;

/** Element type of a stored tensor, as safetensors names it. */
export type Dtype = keyof typeof ELEMENT_BYTES;

const DTYPES = Object.keys(ELEMENT_BYTES) as Dtype[];

/** Bytes of one element of `dtype`. */
export function elementBytes(dtype: Dtype): number {
  return ELEMENT_BYTES[dtype];
}

/** Place of `dtype` in the reference implementation's order; wider types come later. */
export function dtypeRank(dtype: Dtype): number {
  return DTYPES.indexOf(dtype);
}

/** Whether `name` is a dtype this package can hold (it need not be able to convert it). */
export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(ELEMENT_BYTES, name);
}

/**
 * Bytes that a dense tensor takes.
 *
 * @param shape sizes of the dimensions; `[]` is a scalar
 * @param where names the tensor in the error
 * @throws WeightsError `BAD_TENSOR` when a size is not a non-negative integer or the product leaves 2^53
 */
export function tensorBytes(dtype: Dtype, shape: readonly number[], where: string): number {
  let bytes = elementBytes(dtype);
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new WeightsError('BAD_TENSOR', `${where}: a size in the shape must be a non-negative integer, got ${size}`);
    }
    bytes *= size;
    if (!Number.isSafeInteger(bytes)) {
      throw new WeightsError('BAD_TENSOR', `${where}: shape [${shape.slice(0, 8)}] is larger than any file`);
    }
  }
  return bytes;
}
