/** Post-training quantization of a whole model: which tensor gets which type, and what it costs in accuracy. */
import { dequantize } from './dequantize.ts';
import type { QuantizationType } from './ggml-type.ts';
import { blockElements, ggmlBytes } from './ggml-type.ts';
import { quantize } from './quantize.ts';

/** The first of these whose blocks divide the rows. */
const FALLBACKS: readonly QuantizationType[] = ['Q8_0', 'F16'];

/** Tables that every token passes through; a coarse one costs more than it saves (llama.cpp keeps them finer, too). */
const FINE = /(^|\.)(embed_tokens|lm_head|token_embd|output)\.weight$/;

/**
 * The type a tensor gets in a file of mostly `wanted`: gains stay F32; embedding and head are Q8_0 where the rest is 4-bit;
 * rows that are no whole number of blocks go to Q8_0 or F16.
 *
 * @param name of transformers or of llama.cpp
 */
export function tensorType(name: string, shape: readonly number[], wanted: QuantizationType): QuantizationType {
  if (shape.length === 1) return 'F32';
  const first = wanted.startsWith('Q4') && FINE.test(name) ? 'Q8_0' : wanted;
  const row = shape[shape.length - 1];
  return [first, ...FALLBACKS].find((type) => row % blockElements(type) === 0) as QuantizationType;
}

/** What storing a tensor did to it. */
export interface QuantizationError {
  name: string;
  type: QuantizationType;
  shape: number[];
  /** Bytes stored. */
  bytes: number;
  /** √(Σ(x − x̂)² / Σx²) */
  relativeError: number;
  /** max |x − x̂| */
  largestError: number;
}

/** A tensor's name, f32 values and row-major shape. */
export interface F32Tensor {
  shape: readonly number[];
  data: Float32Array;
}

/**
 * Stores a tensor in a type, reads it back, and compares.
 *
 * @returns its bytes, the values they stand for, and the error
 * @throws WeightsError as `quantize`
 */
export function quantizeWithError(
  name: string,
  { shape, data }: F32Tensor,
  type: QuantizationType,
): { bytes: Uint8Array; restored: Float32Array; error: QuantizationError } {
  const bytes = quantize(data, shape, type, name);
  const restored = dequantize(bytes, shape, type, name);
  let [squares, wrong, largest] = [0, 0, 0];
  for (let index = 0; index < data.length; index++) {
    const difference = data[index] - restored[index];
    squares += data[index] ** 2;
    wrong += difference ** 2;
    largest = Math.max(largest, Math.abs(difference));
  }
  const relativeError = squares === 0 ? 0 : Math.sqrt(wrong / squares);
  const error = {
    name,
    type,
    shape: [...shape],
    bytes: ggmlBytes(type, shape, name),
    relativeError,
    largestError: largest,
  };
  return { bytes, restored, error };
}

/**
 * A model as it would be after quantization: the values that the stored bytes stand for, to measure its loss with.
 *
 * @param tensors f32 values by their names in transformers
 * @param type of most matrices; see `tensorType`
 * @returns new tensors, and what happened to each
 * @throws WeightsError `BAD_TENSOR` when a value is not finite
 */
export function quantizeTensors<T extends F32Tensor>(
  tensors: ReadonlyMap<string, T>,
  type: QuantizationType,
): { tensors: Map<string, { shape: number[]; data: Float32Array }>; errors: QuantizationError[] } {
  const restored = new Map<string, { shape: number[]; data: Float32Array }>();
  const errors: QuantizationError[] = [];
  for (const [name, tensor] of tensors) {
    const result = quantizeWithError(name, tensor, tensorType(name, tensor.shape, type));
    restored.set(name, { shape: [...tensor.shape], data: result.restored });
    errors.push(result.error);
  }
  return { tensors: restored, errors };
}
