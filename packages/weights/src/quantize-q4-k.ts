/**
 * Q4_K: 256 elements in 8 groups of 32; x ≈ d·s·q − m·t with q in 0 … 15, 6-bit s and t for each group, f16 d and m for the
 * block (144 bytes, 4.5 bits an element).
 */
import { float16Bits, roundToFloat16 } from './float16.ts';

const GROUPS = 8;
const GROUP = 32;
const LEVELS = 15;
/** Placements that are tried: 14 to 16 levels between the extremes, in steps of a fifth (ggml's 21 gain 0.1 % of the error). */
const CANDIDATES = 11;

/** A line `scale · q − minimum` that runs near the elements of a group. */
interface Line {
  scale: number;
  minimum: number;
}

const levels = new Uint8Array(GROUPS * GROUP);
const weights = new Float32Array(GROUP);

/** Large elements weigh more, since they meet large activations: w = √mean(x²) + |x|. */
function weigh(values: Float32Array, start: number): void {
  let squares = 0;
  for (let index = start; index < start + GROUP; index++) squares += values[index] * values[index];
  const typical = Math.sqrt(squares / GROUP);
  for (let index = 0; index < GROUP; index++) weights[index] = typical + Math.abs(values[start + index]);
}

/** The nearest of the levels 0 … 15. */
function nearestLevel(position: number): number {
  return position <= 0 ? 0 : position >= LEVELS ? LEVELS : (position + 0.5) | 0;
}

/** The line of least weighted squared error through (q, x), where q is x placed on `perUnit` levels a unit from `low`. */
function fitLine(values: Float32Array, start: number, low: number, perUnit: number): Line {
  let sumW = 0;
  let sumX = 0;
  let sumQ = 0;
  let sumQQ = 0;
  let sumXQ = 0;
  for (let index = 0; index < GROUP; index++) {
    const value = values[start + index];
    const weight = weights[index];
    const level = nearestLevel(perUnit * (value - low));
    sumW += weight;
    sumX += weight * value;
    sumQ += weight * level;
    sumQQ += weight * level * level;
    sumXQ += weight * value * level;
  }
  const determinant = sumW * sumQQ - sumQ * sumQ;
  if (determinant <= 0) return { scale: 0, minimum: Math.max(0, -low) };
  const intercept = (sumQQ * sumX - sumQ * sumXQ) / determinant;
  // A line above zero cannot be stored (t is not negative): through the origin, then.
  if (intercept > 0) return { scale: sumXQ / sumQQ, minimum: 0 };
  return { scale: (sumW * sumXQ - sumX * sumQ) / determinant, minimum: -intercept };
}

/** Weighted squared error when every element takes the nearest point of the line. */
function lineError(values: Float32Array, start: number, { scale, minimum }: Line): number {
  const inverse = scale > 0 ? 1 / scale : 0;
  let error = 0;
  for (let index = 0; index < GROUP; index++) {
    const value = values[start + index];
    const difference = scale * nearestLevel((value + minimum) * inverse) - minimum - value;
    error += weights[index] * difference * difference;
  }
  return error;
}

/** The best of lines fitted to several placements of the levels. */
function bestLine(values: Float32Array, start: number): Line {
  let [low, high] = [0, -Infinity];
  for (let index = start; index < start + GROUP; index++) {
    low = Math.min(low, values[index]);
    high = Math.max(high, values[index]);
  }
  if (high <= low) return { scale: 0, minimum: -low };
  weigh(values, start);
  let best: Line = { scale: (high - low) / LEVELS, minimum: -low };
  let least = lineError(values, start, best);
  for (let candidate = 0; candidate < CANDIDATES; candidate++) {
    const line = fitLine(values, start, low, (LEVELS - 1 + candidate / 5) / (high - low));
    const error = line.scale > 0 ? lineError(values, start, line) : Infinity;
    if (error < least) [best, least] = [line, error];
  }
  return best;
}

/** Packs the 6-bit numbers: groups 0–3 whole, groups 4–7 as low halves with their upper bits in the spare bits of 0–3. */
function packScales(view: DataView, offset: number, scales: readonly number[], minima: readonly number[]): void {
  for (let group = 0; group < 4; group++) {
    view.setUint8(offset + group, scales[group] | ((scales[group + 4] >> 4) << 6));
    view.setUint8(offset + 4 + group, minima[group] | ((minima[group + 4] >> 4) << 6));
    view.setUint8(offset + 8 + group, (scales[group + 4] & 15) | ((minima[group + 4] & 15) << 4));
  }
}

/** 6-bit multiples of a step, of which the largest is 63. */
function sixBits(numbers: readonly number[]): { step: number; multiples: number[] } {
  const largest = Math.max(...numbers);
  const toMultiple = (value: number): number => (largest > 0 ? Math.min(63, Math.round((63 / largest) * value)) : 0);
  return { step: largest / 63, multiples: numbers.map(toMultiple) };
}

/** Writes 256 elements as one block at `offset`. */
export function quantizeQ4K(values: Float32Array, start: number, view: DataView, offset: number): void {
  const lines = Array.from({ length: GROUPS }, (_, group) => bestLine(values, start + group * GROUP));
  const scales = sixBits(lines.map(({ scale }) => scale));
  const minima = sixBits(lines.map(({ minimum }) => minimum));
  view.setUint16(offset, float16Bits(scales.step), true);
  view.setUint16(offset + 2, float16Bits(minima.step), true);
  packScales(view, offset + 4, scales.multiples, minima.multiples);
  const [scaleStep, minimumStep] = [roundToFloat16(scales.step), roundToFloat16(minima.step)];
  for (let index = 0; index < GROUPS * GROUP; index++) {
    const group = index >> 5;
    const scale = scaleStep * scales.multiples[group];
    const minimum = minimumStep * minima.multiples[group];
    levels[index] = scale > 0 ? nearestLevel((values[start + index] + minimum) / scale) : 0;
  }
  for (let pair = 0; pair < GROUPS / 2; pair++) {
    for (let index = 0; index < GROUP; index++) {
      const first = pair * 2 * GROUP + index;
      view.setUint8(offset + 16 + pair * GROUP + index, levels[first] | (levels[first + GROUP] << 4));
    }
  }
}
