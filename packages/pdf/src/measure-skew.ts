import type { GreyImage } from './render-page.ts';

/** Pixels per inch at which the skew is measured: lines are still apart, and there is little to count. */
const RESOLUTION = 60;
/** Darker pixels are ink. */
const INK = 160;
/** Scans are skewed by less, in degrees. */
const LARGEST = 10;
const COARSE_STEP = 0.5;
const FINE_STEP = 0.1;
/** Less is not worth a new picture. */
const SMALLEST = 0.3;
/** How much clearer the lines must become: drawings have no skew. */
const GAIN = 1.3;
const FEWEST_POINTS = 200;

/**
 * By how many degrees the lines of a picture fall to the right (negative: rise); 0 when they are straight, or there are none.
 * Ink is projected along every angle; along that of the lines, rows of much and rows of no ink differ most
 * (Postl's method, US patent 4,723,297, long expired).
 */
export function measureSkew(image: GreyImage): number {
  const ink = inkPoints(image);
  if (ink.points.length < FEWEST_POINTS * 2) return 0;
  const coarse = bestAngle(ink, -LARGEST, LARGEST, COARSE_STEP);
  const fine = bestAngle(ink, coarse.angle - COARSE_STEP, coarse.angle + COARSE_STEP, FINE_STEP);
  const isClear = fine.clarity > clarity(ink, 0) * GAIN && Math.abs(fine.angle) < LARGEST;
  return isClear && Math.abs(fine.angle) >= SMALLEST ? Math.round(fine.angle * 10) / 10 : 0;
}

/** Where a picture has ink, on a coarser grid. */
interface Ink {
  /** x and y of each cell that has any. */
  points: Int32Array;
  /** The largest of them. */
  reach: number;
}

function inkPoints({ data, width, height, resolution }: GreyImage): Ink {
  const cell = Math.max(1, Math.round(resolution / RESOLUTION));
  const columns = Math.ceil(width / cell);
  const points: number[] = [];
  for (let top = 0; top < height; top += cell) {
    const row = new Uint8Array(columns);
    for (let y = top; y < Math.min(height, top + cell); y++) {
      for (let x = 0; x < width; x++) if (data[y * width + x] < INK) row[(x / cell) | 0] = 1;
    }
    for (let column = 0; column < columns; column++) if (row[column]) points.push(column, top / cell);
  }
  return { points: Int32Array.from(points), reach: points.reduce((most, value) => Math.max(most, value), 0) };
}

function bestAngle(ink: Ink, from: number, to: number, step: number): { angle: number; clarity: number } {
  let best = { angle: 0, clarity: -1 };
  for (let angle = from; angle <= to + step / 2; angle += step) {
    const value = clarity(ink, angle);
    if (value > best.clarity) best = { angle, clarity: value };
  }
  return best;
}

/** How much neighbouring rows differ, or columns where the page lies on its side. */
function clarity({ points, reach }: Ink, angle: number): number {
  const slope = Math.tan((angle * Math.PI) / 180);
  const size = 2 * Math.ceil(reach * (1 + Math.abs(slope))) + 4;
  const [rows, columns] = [new Int32Array(size), new Int32Array(size)];
  const middle = size >> 1;
  for (let at = 0; at < points.length; at += 2) {
    rows[middle + Math.round(points[at + 1] - points[at] * slope)]++;
    columns[middle + Math.round(points[at] + points[at + 1] * slope)]++;
  }
  return Math.max(contrast(rows), contrast(columns));
}

function contrast(profile: Int32Array): number {
  let sum = 0;
  for (let at = 1; at < profile.length; at++) sum += (profile[at] - profile[at - 1]) ** 2;
  return sum;
}
