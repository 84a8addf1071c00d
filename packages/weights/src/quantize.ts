/**
 * f32 to ggml's types. A block is a few numbers with a scale of their own: `x ≈ d · q` (Q8_0, Q4_0), or with a scale and a
 * minimum for every 32 of 256 (Q4_K). Formats and rounding as in ggml's reference (`ggml-quants.c`).
 */
import { encodeTensor } from './convert.ts';
import { float16Bits } from './float16.ts';
import type { QuantizationType } from './ggml-type.ts';
import { blockElements, ggmlBytes } from './ggml-type.ts';
import { quantizeQ4K } from './quantize-q4-k.ts';
import { WeightsError } from './weights-error.ts';

/** C's `roundf`: halves away from zero. */
function roundAway(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(value + 0.5);
}

/** The element of the block that is farthest from zero, with its sign. */
function extreme(values: Float32Array, start: number, length: number): number {
  let farthest = 0;
  for (let index = start; index < start + length; index++) {
    if (Math.abs(values[index]) > Math.abs(farthest)) farthest = values[index];
  }
  return farthest;
}

/** Block of 32: f16 d = max|x| / 127, then 32 signed bytes. */
function quantizeQ8(values: Float32Array, start: number, view: DataView, offset: number): void {
  const scale = Math.fround(Math.abs(extreme(values, start, 32)) / 127);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  view.setUint16(offset, float16Bits(scale), true);
  for (let index = 0; index < 32; index++) {
    view.setInt8(offset + 2 + index, roundAway(Math.fround(values[start + index] * inverse)));
  }
}

/** Block of 32: f16 d = x* / −8 for the farthest x*, then 16 bytes with element i in the low and i + 16 in the high half. */
function quantizeQ4(values: Float32Array, start: number, view: DataView, offset: number): void {
  const scale = Math.fround(extreme(values, start, 32) / -8);
  const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
  const level = (index: number): number => Math.min(15, Math.trunc(Math.fround(values[start + index] * inverse) + 8.5));
  view.setUint16(offset, float16Bits(scale), true);
  for (let index = 0; index < 16; index++) {
    view.setUint8(offset + 2 + index, level(index) | (level(index + 16) << 4));
  }
}

const BLOCK_WRITERS = { Q8_0: quantizeQ8, Q4_0: quantizeQ4, Q4_K: quantizeQ4K };

/**
 * The bytes of f32 values in one of ggml's types.
 *
 * @param shape row-major; a row (the last size) must be a multiple of the block: 32 for Q8_0 and Q4_0, 256 for Q4_K
 * @param name of the tensor, for errors
 * @throws WeightsError `BAD_TENSOR` when shape, data and type don't fit, or a value is not finite in a quantized type
 */
export function quantize(
  values: Float32Array,
  shape: readonly number[],
  type: QuantizationType,
  name = 'tensor',
): Uint8Array {
  if (type === 'F32' || type === 'F16' || type === 'BF16') {
    return encodeTensor({ shape, data: values, dtype: type }, name);
  }
  const bytes = new Uint8Array(ggmlBytes(type, shape, `tensor "${name}"`));
  const elements = blockElements(type);
  const stride = (bytes.length * elements) / values.length;
  checkQuantizable(values, shape, name);
  const view = new DataView(bytes.buffer);
  const write = BLOCK_WRITERS[type];
  for (let start = 0, offset = 0; start < values.length; start += elements, offset += stride) {
    write(values, start, view, offset);
  }
  return bytes;
}

function checkQuantizable(values: Float32Array, shape: readonly number[], name: string): void {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size !== values.length) {
    throw new WeightsError(
      'BAD_TENSOR',
      `tensor "${name}": shape [${shape}] has ${size} elements, but the data ${values.length}`,
    );
  }
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new WeightsError(
      'BAD_TENSOR',
      `tensor "${name}": element ${wrong} is ${values[wrong]}, which has no place on a scale`,
    );
  }
}
