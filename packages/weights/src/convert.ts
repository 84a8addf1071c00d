import type { Dtype } from './dtype.ts';
import { elementBytes, tensorBytes } from './dtype.ts';
import { bfloat16FromFloat32Bits, float16FromFloat32Bits, float16Table } from './float16.ts';
import type { LazyTensorInput, NamedTensor, TensorData, TensorInput } from './tensor.ts';
import { WeightsError } from './weights-error.ts';

/** The dtype an array has when none is asked for. */
function nativeDtype(data: TensorData): Dtype {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof Int16Array) return 'I16';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Uint8Array) return 'U8';
  if (data instanceof Uint16Array) return 'U16';
  if (data instanceof Uint32Array) return 'U32';
  return data instanceof BigInt64Array ? 'I64' : 'U64';
}

/** The dtype under which a tensor will be stored. */
export function storedDtype(tensor: TensorInput | LazyTensorInput): Dtype {
  return 'load' in tensor ? tensor.dtype : (tensor.dtype ?? nativeDtype(tensor.data));
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function narrow(values: Float32Array, encode: (bits: number) => number): Uint8Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const narrowed = new Uint16Array(values.length);
  for (let index = 0; index < bits.length; index++) narrowed[index] = encode(bits[index]);
  return bytesOf(narrowed);
}

/**
 * The bytes to store for a tensor.
 *
 * f32 data is converted to F64, F16 or BF16 when its `dtype` says so, rounding to nearest even. A `Uint8Array` is taken
 * as it is: it holds bytes that were stored before.
 *
 * @param name of the tensor, for errors
 * @returns little-endian bytes; they share memory with `tensor.data` when nothing had to be converted
 * @throws WeightsError `BAD_TENSOR` when data and shape disagree, `UNSUPPORTED_DTYPE` when there is no such conversion
 */
export function encodeTensor(tensor: TensorInput, name = 'tensor'): Uint8Array {
  const dtype = storedDtype(tensor);
  const bytes = convertData(tensor.data, dtype, name);
  const expected = tensorBytes(dtype, tensor.shape, `tensor "${name}"`);
  if (bytes.byteLength !== expected) {
    throw new WeightsError(
      'BAD_TENSOR',
      `tensor "${name}": shape [${tensor.shape}] of ${dtype} takes ${expected} bytes, but the data has ${bytes.byteLength}`,
    );
  }
  return bytes;
}

function convertData(data: TensorData, dtype: Dtype, name: string): Uint8Array {
  if (data instanceof Uint8Array || dtype === nativeDtype(data)) return bytesOf(data);
  if (data instanceof Float32Array) {
    if (dtype === 'BF16') return narrow(data, bfloat16FromFloat32Bits);
    if (dtype === 'F16') return narrow(data, float16FromFloat32Bits);
    if (dtype === 'F64') return bytesOf(Float64Array.from(data));
  }
  throw new WeightsError(
    'UNSUPPORTED_DTYPE',
    `tensor "${name}": cannot store a ${data.constructor.name} as ${dtype}; convert the data first, or leave dtype out`,
  );
}

/** A copy only where the bytes do not start at a multiple of the element size. */
function aligned(tensor: NamedTensor): { buffer: ArrayBufferLike; byteOffset: number; length: number } {
  const size = elementBytes(tensor.dtype);
  const { data } = tensor;
  const { buffer, byteOffset } = data.byteOffset % size === 0 ? data : data.slice();
  return { buffer, byteOffset, length: data.byteLength / size };
}

/** The elements of a stored tensor as an array of their own type; F16, BF16 and F8 have none. */
function typedArray(tensor: NamedTensor): Exclude<TensorData, Uint16Array> | Uint16Array | undefined {
  const { buffer, byteOffset, length } = aligned(tensor);
  switch (tensor.dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, length);
    case 'F64':
      return new Float64Array(buffer, byteOffset, length);
    case 'BOOL':
    case 'U8':
      return new Uint8Array(buffer, byteOffset, length);
    case 'I8':
      return new Int8Array(buffer, byteOffset, length);
    case 'I16':
      return new Int16Array(buffer, byteOffset, length);
    case 'U16':
      return new Uint16Array(buffer, byteOffset, length);
    case 'I32':
      return new Int32Array(buffer, byteOffset, length);
    case 'U32':
      return new Uint32Array(buffer, byteOffset, length);
    case 'I64':
      return new BigInt64Array(buffer, byteOffset, length);
    case 'U64':
      return new BigUint64Array(buffer, byteOffset, length);
    default:
      return undefined;
  }
}

function halfPrecisionToFloat32(tensor: NamedTensor): Float32Array {
  const { buffer, byteOffset, length } = aligned(tensor);
  const halves = new Uint16Array(buffer, byteOffset, length);
  const values = new Float32Array(length);
  if (tensor.dtype === 'F16') {
    const numbers = float16Table();
    for (let index = 0; index < length; index++) values[index] = numbers[halves[index]];
  } else {
    const bits = new Uint32Array(values.buffer);
    for (let index = 0; index < length; index++) bits[index] = halves[index] << 16;
  }
  return values;
}

/**
 * The elements of a stored tensor as f32. Exact for F32, F16, BF16 and integers below 2^24; F64 and wider integers are
 * rounded to nearest.
 *
 * @returns an array of one number per element; for F32 it shares memory with `tensor.data` where alignment allows
 * @throws WeightsError `UNSUPPORTED_DTYPE` for the 8-bit float types
 */
export function toFloat32(tensor: NamedTensor): Float32Array {
  if (tensor.dtype === 'F16' || tensor.dtype === 'BF16') return halfPrecisionToFloat32(tensor);
  const elements = typedArray(tensor);
  if (elements === undefined) {
    throw new WeightsError(
      'UNSUPPORTED_DTYPE',
      `cannot read ${tensor.dtype} elements as numbers; supported are F16, BF16, F32, F64 and the integer types`,
    );
  }
  if (elements instanceof Float32Array) return elements;
  const values = new Float32Array(elements.length);
  for (let index = 0; index < values.length; index++) values[index] = Number(elements[index]);
  return values;
}
