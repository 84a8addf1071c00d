import { checkCount, checkRange, TrainError } from './train-error.ts';

/** The factor on the learning rate at a step; steps count from 1. `settings` is kept with the run, to tell when it changes. */
export interface Schedule {
  (step: number): number;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How the learning rate falls over the decay steps. */
export type DecayShape = 'linear' | '1-sqrt' | 'cosine';

/** Options of {@link wsd}. */
export interface WsdOptions {
  /** length of the whole run */
  totalSteps: number;
  /** steps of linear rise from 0, default 0 */
  warmupSteps?: number;
  /** steps of fall at the end of the run, default 0 */
  decaySteps?: number;
  /** default `linear` (SmolLM3); SmolLM1 used `1-sqrt` */
  decayShape?: DecayShape;
  /** value of the plateau, default 1: then the schedule is a factor on each optimizer's own learning rate */
  peak?: number;
  /** value after the end, default 0 */
  minimum?: number;
}

/** What is left of (peak − minimum) after a share of the decay. */
const remaining: Readonly<Record<DecayShape, (progress: number) => number>> = {
  linear: (progress) => 1 - progress,
  '1-sqrt': (progress) => 1 - Math.sqrt(progress),
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

/**
 * Warm-up, stable, decay: linear rise, plateau, fall to `minimum` over the last `decaySteps`. The first step of the
 * decay is still at the peak, and the last step of the run is one decay step above the minimum (nanotron's convention).
 * A cosine run is a WSD run whose decay takes all steps after the warm-up.
 *
 * Source: nanotron src/nanotron/helpers.py; WSD: MiniCPM, arXiv 2404.06395.
 *
 * @throws TrainError `BAD_OPTION`
 */
export function wsd(options: WsdOptions): Schedule {
  const settings = {
    kind: 'wsd',
    warmupSteps: 0,
    decaySteps: 0,
    decayShape: 'linear' as DecayShape,
    peak: 1,
    minimum: 0,
    ...options,
  };
  const { totalSteps, warmupSteps, decaySteps, decayShape, peak, minimum } = settings;
  checkWsd(settings);
  const decayStart = totalSteps - decaySteps + 1;
  const scaleAt = (step: number): number => {
    if (step <= warmupSteps && warmupSteps > 0) return (peak * step) / warmupSteps;
    if (step < decayStart) return peak;
    if (step >= decayStart + decaySteps) return decaySteps === 0 ? peak : minimum;
    return minimum + (peak - minimum) * remaining[decayShape]((step - decayStart) / decaySteps);
  };
  return Object.assign(scaleAt, { settings });
}

/** The same factor at every step. */
export function constant(value = 1): Schedule {
  checkRange('value', value, 0);
  return Object.assign(() => value, { settings: { kind: 'constant', value } });
}

function checkWsd(settings: Required<WsdOptions>): void {
  checkCount('totalSteps', settings.totalSteps);
  checkCount('warmupSteps', settings.warmupSteps, 0);
  checkCount('decaySteps', settings.decaySteps, 0);
  checkRange('minimum', settings.minimum, 0);
  checkRange('peak', settings.peak, settings.minimum);
  if (!(settings.decayShape in remaining)) {
    throw new TrainError(
      'BAD_OPTION',
      `decayShape must be one of ${Object.keys(remaining).join(', ')}, got ${String(settings.decayShape)}`,
    );
  }
  if (settings.warmupSteps + settings.decaySteps > settings.totalSteps) {
    throw new TrainError(
      'BAD_OPTION',
      `warmupSteps ${settings.warmupSteps} and decaySteps ${settings.decaySteps} must fit into totalSteps ${settings.totalSteps}`,
    );
  }
}
