import { encodeTensor, storedDtype } from './convert.ts';
import type { TensorPlan } from './header.ts';
import { encodeHeader, fileOrder, LENGTH_BYTES, parseHeader, parseHeaderLength } from './header.ts';
import type { LazyTensorInput, NamedTensor, TensorInput, TensorInputs } from './tensor.ts';
import { tensorEntries } from './tensor.ts';

/** What PyTorch's readers expect to find in `__metadata__`. */
export const DEFAULT_METADATA: Readonly<Record<string, string>> = { format: 'pt' };

/** Contents of a safetensors file. */
export interface SafetensorsContents {
  /** Tensors by name, in the order of their places in the file. */
  tensors: Map<string, NamedTensor>;
  metadata: Record<string, string>;
}

/** A tensor with its name and dtype settled. */
export interface PlannedTensor<T> extends TensorPlan {
  tensor: T;
}

/** Names, dtypes and places: what the header is made of. */
export function planTensors<T extends TensorInput | LazyTensorInput>(
  tensors: ReadonlyMap<string, T> | Readonly<Record<string, T>>,
): PlannedTensor<T>[] {
  const plans = tensorEntries(tensors).map(([name, tensor]) => ({
    name,
    tensor,
    dtype: storedDtype(tensor),
    shape: tensor.shape,
  }));
  return fileOrder(plans);
}

/**
 * Encodes tensors as a safetensors file, byte for byte as the reference implementation does.
 *
 * @param tensors by name; f32 data is rounded to the tensor's `dtype`
 * @param metadata stored as `__metadata__`; default `{ format: 'pt' }`
 * @throws WeightsError `BAD_TENSOR` when data and shape disagree, `UNSUPPORTED_DTYPE` when there is no such conversion
 * @see https://github.com/huggingface/safetensors#format
 */
export function encodeSafetensors(tensors: TensorInputs, metadata = DEFAULT_METADATA): Uint8Array {
  const plans = planTensors(tensors);
  const pieces = [encodeHeader(plans, metadata), ...plans.map(({ tensor, name }) => encodeTensor(tensor, name))];
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.byteLength, 0));
  let position = 0;
  for (const piece of pieces) {
    file.set(piece, position);
    position += piece.byteLength;
  }
  return file;
}

/**
 * Decodes a whole safetensors file. The tensors share memory with `bytes`.
 *
 * @param source names the file in errors
 * @throws WeightsError when the file is truncated or anything in its header is wrong; the message says what
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'safetensors data'): SafetensorsContents {
  const payloadStart = LENGTH_BYTES + parseHeaderLength(bytes, bytes.byteLength, source);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, payloadStart), bytes.byteLength - payloadStart, source);
  const tensors = new Map<string, NamedTensor>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    tensors.set(name, { shape, dtype, data: bytes.subarray(payloadStart + begin, payloadStart + end) });
  }
  return { tensors, metadata: header.metadata };
}
