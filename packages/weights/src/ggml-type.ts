import { WeightsError } from './weights-error.ts';

/**
 * Element types of GGUF: number in the file, elements and bytes of one block (ggml, `ggml.h` and `ggml-common.h`). A block
 * of a quantized type holds its own scale.
 */
const TYPES = {
  F32: { id: 0, elements: 1, bytes: 4 },
  F16: { id: 1, elements: 1, bytes: 2 },
  Q4_0: { id: 2, elements: 32, bytes: 18 },
  Q4_1: { id: 3, elements: 32, bytes: 20 },
  Q5_0: { id: 6, elements: 32, bytes: 22 },
  Q5_1: { id: 7, elements: 32, bytes: 24 },
  Q8_0: { id: 8, elements: 32, bytes: 34 },
  Q2_K: { id: 10, elements: 256, bytes: 84 },
  Q3_K: { id: 11, elements: 256, bytes: 110 },
  Q4_K: { id: 12, elements: 256, bytes: 144 },
  Q5_K: { id: 13, elements: 256, bytes: 176 },
  Q6_K: { id: 14, elements: 256, bytes: 210 },
  I8: { id: 24, elements: 1, bytes: 1 },
  I16: { id: 25, elements: 1, bytes: 2 },
  I32: { id: 26, elements: 1, bytes: 4 },
  I64: { id: 27, elements: 1, bytes: 8 },
  F64: { id: 28, elements: 1, bytes: 8 },
  BF16: { id: 30, elements: 1, bytes: 2 },
} as const;

/** Element type of a tensor in a GGUF file, as ggml names it. */
export type GgmlType = keyof typeof TYPES;

/** Types whose numbers this package reads and writes; the others can be listed and copied. */
export const CONVERTIBLE_TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K'] as const;

/** A type that `quantize` makes. */
export type QuantizationType = (typeof CONVERTIBLE_TYPES)[number];

const NAMES: ReadonlyMap<number, GgmlType> = new Map(
  Object.entries(TYPES).map(([name, { id }]) => [id, name as GgmlType]),
);

/** Elements that share one block; a row of a tensor is a whole number of blocks. */
export function blockElements(type: GgmlType): number {
  return TYPES[type].elements;
}

/** The number that stands for a type in the file. */
export function ggmlTypeId(type: GgmlType): number {
  return TYPES[type].id;
}

/** The type of a number in a file, or undefined. */
export function ggmlTypeOf(id: number): GgmlType | undefined {
  return NAMES.get(id);
}

/** Whether numbers of this type can be computed here. */
export function isConvertible(type: string): type is QuantizationType {
  return (CONVERTIBLE_TYPES as readonly string[]).includes(type);
}

/**
 * Bytes that a tensor takes.
 *
 * @param shape row-major sizes; the last one is the length of a row
 * @param where names the tensor in errors
 * @throws WeightsError `BAD_TENSOR` when a size is no positive integer, a row is no whole number of blocks, or it is too large
 */
export function ggmlBytes(type: GgmlType, shape: readonly number[], where: string): number {
  const { elements, bytes } = TYPES[type];
  let blocks = 1 / elements;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new WeightsError('BAD_TENSOR', `${where}: a size in the shape must be a positive integer, got ${size}`);
    }
    blocks *= size;
    if (!(blocks * bytes <= Number.MAX_SAFE_INTEGER)) {
      throw new WeightsError('BAD_TENSOR', `${where}: shape [${shape.slice(0, 8)}] is larger than any file`);
    }
  }
  const row = shape[shape.length - 1] ?? 1;
  if (row % elements !== 0) {
    throw new WeightsError(
      'BAD_TENSOR',
      `${where}: rows of ${type} are multiples of ${elements} elements, got rows of ${row}`,
    );
  }
  return blocks * bytes;
}
