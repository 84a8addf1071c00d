import { wsd, type Schedule } from './schedule.ts';
import { checkCount, checkRange, TrainError } from './train-error.ts';

/** Options of {@link cosine}. */
export interface CosineOptions {
  totalSteps: number;
  /** steps of linear rise from 0, default 0 */
  warmupSteps?: number;
  /** value at the top, default 1 */
  peak?: number;
  /** value at the end, default 0; Chinchilla and Llama: a tenth of the peak */
  minimum?: number;
}

/** Linear rise, then half a cosine down to `minimum` at the end of the run. @throws TrainError `BAD_OPTION` */
export function cosine(options: CosineOptions): Schedule {
  const { totalSteps, warmupSteps = 0 } = options;
  const schedule = wsd({ ...options, decaySteps: totalSteps - warmupSteps, decayShape: 'cosine' });
  return named(schedule, { ...schedule.settings, kind: 'cosine' });
}

/** Options of {@link trapezoid}. */
export interface TrapezoidOptions extends CosineOptions {
  /** steps of linear fall at the end */
  decaySteps: number;
}

/** Linear rise, plateau, linear fall: a {@link wsd} with straight sides. @throws TrainError `BAD_OPTION` */
export function trapezoid(options: TrapezoidOptions): Schedule {
  const schedule = wsd({ ...options, decayShape: 'linear' });
  return named(schedule, { ...schedule.settings, kind: 'trapezoid' });
}

/** Options of {@link warmRestarts}. */
export interface WarmRestartsOptions {
  /** steps of the first cycle */
  cycleSteps: number;
  /** each cycle is so many times as long as the one before, default 1 */
  lengthen?: number;
  /** each cycle begins at so much of the peak before, default 1 */
  shrink?: number;
  /** linear rise before the first cycle, default 0 */
  warmupSteps?: number;
  minimum?: number;
}

/**
 * Cosine annealing with warm restarts: falls from 1 to `minimum` over a cycle, then starts again at the top.
 *
 * Source: SGDR, Loshchilov and Hutter, arXiv 1608.03983.
 *
 * @throws TrainError `BAD_OPTION`
 */
export function warmRestarts(options: WarmRestartsOptions): Schedule {
  const settings = { kind: 'warm-restarts', lengthen: 1, shrink: 1, warmupSteps: 0, minimum: 0, ...options };
  const { cycleSteps, lengthen, shrink, warmupSteps, minimum } = settings;
  checkCount('cycleSteps', cycleSteps);
  checkCount('warmupSteps', warmupSteps, 0);
  checkRange('lengthen', lengthen, 1);
  checkRange('shrink', shrink, 0, 1);
  checkRange('minimum', minimum, 0, 1);
  const scaleAt = (step: number): number => {
    if (step <= warmupSteps) return step / warmupSteps;
    let [start, length, peak] = [warmupSteps, cycleSteps, 1];
    while (step > start + length)
      [start, length, peak] = [start + length, Math.round(length * lengthen), peak * shrink];
    const progress = (step - start - 1) / length;
    const floor = Math.min(minimum, peak);
    return floor + ((peak - floor) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
  return named(scaleAt, settings);
}

/** A point of a {@link piecewise} schedule. */
export interface SchedulePoint {
  step: number;
  value: number;
}

/**
 * Straight lines between points, constant before the first and after the last. For momentum (0.85 → 0.95 over the first
 * steps, as in modded-nanogpt), weight decay, and anything else.
 *
 * @throws TrainError `BAD_OPTION` unless the points ascend
 */
export function piecewise(points: readonly SchedulePoint[]): Schedule {
  const isAscending = points.every(({ step }, index) => index === 0 || step > points[index - 1].step);
  if (points.length === 0 || !isAscending) {
    throw new TrainError('BAD_OPTION', `points must ascend by step, got ${JSON.stringify(points).slice(0, 100)}`);
  }
  for (const { step, value } of points) checkRange(`value at step ${step}`, value, 0);
  const valueAt = (step: number): number => {
    const after = points.findIndex((point) => point.step >= step);
    if (after <= 0) return points[after === 0 ? 0 : points.length - 1].value;
    const [from, to] = [points[after - 1], points[after]];
    return from.value + ((to.value - from.value) * (step - from.step)) / (to.step - from.step);
  };
  return named(valueAt, { kind: 'piecewise', points });
}

/** Several schedules multiplied. */
export function product(...schedules: readonly Schedule[]): Schedule {
  const settings = { kind: 'product', of: schedules.map((schedule) => schedule.settings) };
  return named((step) => schedules.reduce((value, schedule) => value * schedule(step), 1), settings);
}

/** One part of {@link sequence}. */
export interface SchedulePart {
  steps: number;
  /** counts its steps from 1 */
  schedule: Schedule;
}

/** Schedules one after the other, each with its own step count; the last one goes on. @throws TrainError `BAD_OPTION` */
export function sequence(parts: readonly SchedulePart[]): Schedule {
  if (parts.length === 0) throw new TrainError('BAD_OPTION', 'a sequence needs at least one schedule');
  for (const { steps } of parts) checkCount('steps', steps);
  const valueAt = (step: number): number => {
    let start = 0;
    const last = parts.length - 1;
    const index = parts.findIndex(({ steps }, at) => step <= start + steps || at === last || ((start += steps), false));
    return parts[index].schedule(step - start);
  };
  return named(valueAt, {
    kind: 'sequence',
    parts: parts.map(({ steps, schedule }) => ({ steps, ...schedule.settings })),
  });
}

/** Batch size by step: from a step (counted from 0) on, so many rows. `batchSize` of @smol/dataset takes the same. */
export interface BatchRampPoint {
  fromStep: number;
  rows: number;
}

/**
 * The factor on the learning rate that goes with a growing batch: (rows / first rows) ^ exponent. Square root for AdamW
 * and Muon (SmolLM3 playbook; modded-nanogpt took 0.6 and 0.5 for its two doublings).
 *
 * @throws TrainError `BAD_OPTION`
 */
export function batchRampScale(ramp: readonly BatchRampPoint[], exponent = 0.5): Schedule {
  checkRange('exponent', exponent, 0, 1);
  for (const { rows } of ramp) checkCount('rows', rows);
  if (ramp[0]?.fromStep !== 0) throw new TrainError('BAD_OPTION', 'a batch ramp must begin at step 0');
  const rowsAt = (step: number) => ramp.findLast(({ fromStep }) => fromStep <= step)!.rows;
  return named((step) => (rowsAt(step - 1) / ramp[0].rows) ** exponent, { kind: 'batch-ramp', ramp, exponent });
}

function named(schedule: (step: number) => number, settings: Readonly<Record<string, unknown>>): Schedule {
  return Object.assign((step: number) => schedule(step), { settings });
}
