/**
 * The two 16-bit floating-point formats as bit patterns. Narrowing rounds to nearest, ties to even (IEEE 754-2019 §4.3.1),
 * as PyTorch and NumPy do.
 */

/**
 * f32 bits → bfloat16 bits (the upper half of an f32).
 *
 * @param bits an f32 as an unsigned 32-bit integer
 */
export function bfloat16FromFloat32Bits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/**
 * f32 bits → IEEE binary16 bits. From 65520 on the result is infinite; below 2^-14 it is subnormal.
 *
 * @param bits an f32 as an unsigned 32-bit integer
 */
export function float16FromFloat32Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) return sign | subnormalFloat16(magnitude);
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

/** Magnitudes below 2^-14, counted in units of 2^-24. */
function subnormalFloat16(magnitude: number): number {
  if (magnitude <= 0x33000000) return 0;
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const units = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (units & 1) === 1) ? units + 1 : units;
}

/** IEEE binary16 bits → the number; exact. */
export function float16ToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Bits of the f16 next to a number. */
export function float16Bits(value: number): number {
  scratch[0] = value;
  return float16FromFloat32Bits(scratchBits[0]);
}

/** The f16 next to a number. */
export function roundToFloat16(value: number): number {
  return float16ToNumber(float16Bits(value));
}

let table: Float32Array | undefined;

/** The numbers of all 65,536 binary16 patterns, computed at the first call. */
export function float16Table(): Float32Array {
  table ??= Float32Array.from({ length: 0x10000 }, (_, bits) => float16ToNumber(bits));
  return table;
}
