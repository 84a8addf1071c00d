/** Elements that share one scale. */
const BLOCK = 256;

/** Numbers in 8 bits each: a code per element and the largest magnitude of every block of 256. */
export interface QuantizedValues {
  codes: Uint8Array;
  scales: Float32Array;
}

/**
 * A code book of 256 values in [−1, 1] (or 128 steps finer in [0, 1]): dynamic tree quantization. Leading zeros of the
 * code give the power of ten, the rest is linear within it, so that small values keep their precision.
 *
 * Source: Dettmers et al. 2021, "8-bit Optimizers via Block-wise Quantization" (arXiv 2110.02861), §2.
 */
export class CodeBook {
  /** ascending */
  readonly values: Float32Array;
  /** nearest code by the upper 17 bits of a float32, which cover its exponent and 8 bits of mantissa */
  readonly #nearest: Uint8Array;

  constructor(signed: boolean) {
    this.values = dynamicMap(signed);
    this.#nearest = new Uint8Array(2 ** 17);
    const bits = new Uint32Array(1);
    const float = new Float32Array(bits.buffer);
    for (let key = 0; key < 2 ** 17; key++) {
      bits[0] = key * 2 ** 15 + 2 ** 14; // the middle of the interval
      if (Number.isFinite(float[0])) this.#nearest[key] = nearest(this.values, float[0]);
    }
  }

  quantize(values: Float32Array): QuantizedValues {
    const codes = new Uint8Array(values.length);
    const scales = new Float32Array(Math.ceil(values.length / BLOCK));
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    for (let block = 0; block < scales.length; block++) {
      const end = Math.min(values.length, (block + 1) * BLOCK);
      let largest = 0;
      for (let at = block * BLOCK; at < end; at++) largest = Math.max(largest, Math.abs(values[at]));
      scales[block] = largest;
      const inverse = largest === 0 ? 0 : 1 / largest;
      for (let at = block * BLOCK; at < end; at++) {
        float[0] = values[at] * inverse;
        codes[at] = this.#nearest[bits[0] >>> 15];
      }
    }
    return { codes, scales };
  }

  dequantize({ codes, scales }: QuantizedValues): Float32Array {
    return Float32Array.from(codes, (code, at) => this.values[code] * scales[Math.floor(at / BLOCK)]);
  }
}

function nearest(ascending: Float32Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((ascending[middle] + ascending[middle + 1]) / 2 < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Seven powers of ten; each has twice as many linear steps as the one below it. */
function dynamicMap(signed: boolean): Float32Array {
  const exponents = 7;
  const values = [0, 1];
  for (let exponent = 0; exponent < exponents; exponent++) {
    const steps = signed ? 2 ** exponent : 2 ** (exponent + 1);
    const scale = 10 ** (exponent - exponents + 1);
    for (let step = 0; step < steps; step++) {
      const middle = 0.1 + (0.9 * (step + 0.5)) / steps;
      values.push(middle * scale, ...(signed ? [-middle * scale] : []));
    }
  }
  return Float32Array.from(values.sort((a, b) => a - b));
}
