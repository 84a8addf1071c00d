import { dequantize } from './dequantize.ts';
import type { GgmlType, QuantizationType } from './ggml-type.ts';
import { NeedMoreBytes } from './byte-reader.ts';
import type { GgufHeader } from './gguf-header.ts';
import { encodeGgufHeader, ggufPadding, parseGgufHeader } from './gguf-header.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { quantize } from './quantize.ts';
import { WeightsError } from './weights-error.ts';

/** A tensor as a GGUF file stores it. */
export interface GgufTensor {
  type: GgmlType;
  /** Row-major. */
  shape: number[];
  data: Uint8Array;
}

/** A tensor to be stored: f32 values that become `type`, or bytes that are of that type already. */
export interface GgufTensorInput {
  type: GgmlType;
  shape: readonly number[];
  data: Float32Array | Uint8Array;
}

/** Contents of a GGUF file. */
export interface GgufContents {
  metadata: GgufMetadata;
  /** In the order of the file. */
  tensors: Map<string, GgufTensor>;
}

/** The bytes to store for one tensor. */
export function encodeGgufTensor({ data, shape, type }: GgufTensorInput, name: string): Uint8Array {
  return data instanceof Float32Array ? quantize(data, shape, type as QuantizationType, name) : data;
}

/**
 * Encodes a GGUF file, version 3, in memory.
 *
 * @param metadata by key; what llama.cpp needs of it is written by `saveGguf`
 * @param tensors by name, in the order of the file
 * @throws WeightsError `BAD_TENSOR` when data, shape and type don't fit, `INVALID_ARGUMENT` when a name is too long
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function encodeGguf(metadata: GgufMetadata, tensors: ReadonlyMap<string, GgufTensorInput>): Uint8Array {
  const plans = [...tensors].map(([name, { type, shape }]) => ({ name, type, shape }));
  const pieces = [encodeGgufHeader(metadata, plans)];
  for (const [name, tensor] of tensors) {
    const data = encodeGgufTensor(tensor, name);
    pieces.push(data, ggufPadding(data.length));
  }
  const file = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let position = 0;
  for (const piece of pieces) {
    file.set(piece, position);
    position += piece.length;
  }
  return file;
}

/** The head of a whole file: where its bytes end, the file is truncated. */
function wholeHeader(bytes: Uint8Array, source: string): GgufHeader {
  try {
    return parseGgufHeader(bytes, bytes.length, source);
  } catch (error) {
    if (!(error instanceof NeedMoreBytes)) throw error;
    throw new WeightsError('TRUNCATED', `${source}: ends within its header`, { cause: error });
  }
}

/**
 * Decodes a whole GGUF file. The tensors share memory with `bytes`.
 *
 * @param source names the file in errors
 * @throws WeightsError when the file is truncated or anything in its head is wrong; the message says what
 */
export function decodeGguf(bytes: Uint8Array, source = 'GGUF data'): GgufContents {
  const { metadata, tensors } = wholeHeader(bytes, source);
  const entries = [...tensors].map(([name, { type, shape, begin, end }]) => {
    return [name, { type, shape, data: bytes.subarray(begin, end) }] as const;
  });
  return { metadata, tensors: new Map(entries) };
}

/**
 * The numbers of a stored tensor as f32.
 *
 * @throws WeightsError `UNSUPPORTED_DTYPE` for other types than F32, F16, BF16, Q8_0, Q4_0 and Q4_K
 */
export function ggufToFloat32({ data, shape, type }: GgufTensor, name = 'tensor'): Float32Array {
  return dequantize(data, shape, type, name);
}
