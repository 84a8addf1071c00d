import { toFloat32 } from './convert.ts';
import { float16ToNumber } from './float16.ts';
import type { GgmlType } from './ggml-type.ts';
import { blockElements, CONVERTIBLE_TYPES, ggmlBytes } from './ggml-type.ts';
import { WeightsError } from './weights-error.ts';

type BlockReader = (view: DataView, offset: number, values: Float32Array, start: number) => void;

const scaleAt = (view: DataView, offset: number): number => float16ToNumber(view.getUint16(offset, true));

const readQ8: BlockReader = (view, offset, values, start) => {
  const scale = scaleAt(view, offset);
  for (let index = 0; index < 32; index++) values[start + index] = scale * view.getInt8(offset + 2 + index);
};

const readQ4: BlockReader = (view, offset, values, start) => {
  const scale = scaleAt(view, offset);
  for (let index = 0; index < 16; index++) {
    const pair = view.getUint8(offset + 2 + index);
    values[start + index] = scale * ((pair & 15) - 8);
    values[start + index + 16] = scale * ((pair >> 4) - 8);
  }
};

/** The 6-bit scale and minimum of a group of 32 (see `packScales`). */
function groupScales(view: DataView, offset: number, group: number): [scale: number, minimum: number] {
  const byte = (index: number): number => view.getUint8(offset + index);
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63];
  const low = byte(group + 4);
  return [(low & 15) | ((byte(group - 4) >> 6) << 4), (low >> 4) | ((byte(group) >> 6) << 4)];
}

const readQ4K: BlockReader = (view, offset, values, start) => {
  const [scaleStep, minimumStep] = [scaleAt(view, offset), scaleAt(view, offset + 2)];
  for (let group = 0; group < 8; group++) {
    const [scale, minimum] = groupScales(view, offset + 4, group);
    const [step, shift] = [Math.fround(scaleStep * scale), Math.fround(minimumStep * minimum)];
    const halfByte = (group & 1) * 4;
    for (let index = 0; index < 32; index++) {
      const level = (view.getUint8(offset + 16 + (group >> 1) * 32 + index) >> halfByte) & 15;
      values[start + group * 32 + index] = step * level - shift;
    }
  }
};

const BLOCK_READERS: Partial<Record<GgmlType, BlockReader>> = { Q8_0: readQ8, Q4_0: readQ4, Q4_K: readQ4K };

/**
 * The numbers that bytes of a ggml type stand for.
 *
 * @param shape row-major
 * @param name of the tensor, for errors
 * @throws WeightsError `UNSUPPORTED_DTYPE` for other types than F32, F16, BF16, Q8_0, Q4_0 and Q4_K; `BAD_TENSOR` when the
 * bytes don't fit the shape
 */
export function dequantize(bytes: Uint8Array, shape: readonly number[], type: GgmlType, name = 'tensor'): Float32Array {
  const expected = ggmlBytes(type, shape, `tensor "${name}"`);
  if (expected !== bytes.byteLength) {
    throw new WeightsError(
      'BAD_TENSOR',
      `tensor "${name}": shape [${shape}] of ${type} takes ${expected} bytes, but the data has ${bytes.byteLength}`,
    );
  }
  if (type === 'F32' || type === 'F16' || type === 'BF16') {
    return toFloat32({ shape: [...shape], dtype: type, data: bytes });
  }
  const read = BLOCK_READERS[type];
  if (read === undefined) {
    throw new WeightsError(
      'UNSUPPORTED_DTYPE',
      `tensor "${name}": cannot compute with ${type}; supported are ${CONVERTIBLE_TYPES.join(', ')}`,
    );
  }
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements = blockElements(type);
  const stride = (bytes.byteLength * elements) / values.length;
  for (let start = 0, offset = 0; start < values.length; start += elements, offset += stride) {
    read(view, offset, values, start);
  }
  return values;
}
