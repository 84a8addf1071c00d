import { Alarms, type Alarm, type AlarmOptions, type AlarmState } from './alarms.ts';
import { DivergenceDetector, type DivergenceOptions, type DivergenceState } from './divergence-detector.ts';
import { OutlierDetector, type OutlierDetectorState } from './outlier-detector.ts';
import { checkRollback, type RollbackOptions } from './rollback.ts';
import { checkCount, checkRange, TrainError } from './train-error.ts';

/** Options of {@link StepGuard}. */
export interface GuardOptions {
  /** A step is skipped when its loss or gradient norm has a z-score above this; `Infinity` turns it off. Default 6. */
  spikeThreshold?: number;
  /** Steps that the z-score looks back on; none is skipped before that many are there. Default 128. */
  window?: number;
  /** What happens at a NaN or infinite loss or gradient: `skip` the step (default), or `stop` the run. */
  notFinite?: 'skip' | 'stop';
  /** So many NaN or infinite steps one after another fail the run. Default 3. */
  patience?: number;
  /** When a rising loss fails the run; `false`: never. */
  divergence?: DivergenceOptions | false;
  /** A run that fails goes back to its last good checkpoint and leaves out the data since; without, it ends. */
  rollback?: RollbackOptions;
  alarms?: AlarmOptions;
}

/** Why a step was not applied. */
export interface SkipVerdict {
  reason: 'not-finite' | 'spike';
  /** what was out of bounds */
  quantity: 'loss' | 'gradientNorm';
  /** the quantity itself */
  value: number;
  /** its z-score, for a spike */
  score?: number;
  threshold?: number;
}

/** Why a run cannot go on from where it is. */
export interface Failure {
  reason: 'not-finite' | 'divergence';
  quantity: 'loss' | 'gradientNorm';
  value: number;
  threshold?: number;
  /** in a sentence */
  meaning: string;
}

/** What a guard has to say of a step. */
export interface Judgement {
  skip?: SkipVerdict;
  failure?: Failure;
  alarms: readonly Alarm[];
}

/** Plain JSON: what a guard remembers. */
export interface GuardState {
  loss: OutlierDetectorState;
  gradientNorm: OutlierDetectorState;
  consecutiveNotFinite: number;
  divergence: DivergenceState;
  alarms: AlarmState;
}

interface Measurements {
  loss: number;
  gradientNorm: number;
  maxLogit?: number;
}

const quantities = ['loss', 'gradientNorm'] as const;

/**
 * Decides from loss and gradient norm whether a step is applied: never when one of them is not a finite number, and not
 * when one is an outlier among the last steps. Over a healthy run of some thousand steps z > 6 happens about six times.
 * Several broken steps in a row, or a loss that rises and stays up, fail the run.
 *
 * Source: llm.c (`-sl`, `-sg`): window 128, value included.
 */
export class StepGuard {
  readonly #options: Required<Pick<GuardOptions, 'spikeThreshold' | 'window' | 'patience' | 'notFinite'>> &
    GuardOptions;
  readonly #detectors: { readonly loss: OutlierDetector; readonly gradientNorm: OutlierDetector };
  readonly #divergence: DivergenceDetector;
  readonly #alarms: Alarms;
  #consecutiveNotFinite = 0;

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: GuardOptions = {}) {
    this.#options = { spikeThreshold: 6, window: 128, patience: 3, notFinite: 'skip', ...options };
    const { spikeThreshold, window, patience, notFinite, divergence, rollback } = this.#options;
    checkRange('guards.spikeThreshold', spikeThreshold, 0);
    checkCount('guards.patience', patience);
    if (!['skip', 'stop'].includes(notFinite))
      throw new TrainError('BAD_OPTION', `guards.notFinite must be skip or stop, got ${String(notFinite)}`);
    if (rollback) checkRollback(rollback);
    this.#detectors = { loss: new OutlierDetector(window), gradientNorm: new OutlierDetector(window) };
    this.#divergence = new DivergenceDetector(divergence || {});
    this.#alarms = new Alarms(options.alarms);
  }

  /** The last step of which is known that all was well. */
  get goodStep(): number {
    return this.#divergence.goodStep;
  }

  /** Looks at a step before it is applied. */
  judge(step: number, measured: Measurements): Judgement {
    const broken = quantities.find((quantity) => !Number.isFinite(measured[quantity]));
    if (broken) return { ...this.#notFinite(broken, measured[broken]), alarms: [] };
    this.#consecutiveNotFinite = 0;
    const alarms = this.#alarms.check(step, measured);
    const skip = this.#spike(measured);
    const failure = this.#rise(step, measured.loss);
    return { alarms, ...(skip && { skip }), ...(failure && { failure }) };
  }

  /** Another mixture has another loss: what went before is no measure. */
  startStage(step: number): void {
    this.#divergence.reset(step);
  }

  /** The run was put back to this step. */
  startAgain(step: number): void {
    this.#consecutiveNotFinite = 0;
    this.#divergence.trust(step);
  }

  state(): GuardState {
    return {
      loss: this.#detectors.loss.state(),
      gradientNorm: this.#detectors.gradientNorm.state(),
      consecutiveNotFinite: this.#consecutiveNotFinite,
      divergence: this.#divergence.state(),
      alarms: this.#alarms.state(),
    };
  }

  restore(state: GuardState): void {
    this.#detectors.loss.restore(state.loss);
    this.#detectors.gradientNorm.restore(state.gradientNorm);
    this.#consecutiveNotFinite = state.consecutiveNotFinite;
    this.#divergence.restore(state.divergence);
    this.#alarms.restore(state.alarms);
  }

  #spike(measured: Measurements): SkipVerdict | undefined {
    const { spikeThreshold: threshold } = this.#options;
    const scored = quantities.map((quantity) => {
      const value = measured[quantity];
      return { quantity, value, score: this.#detectors[quantity].score(value) };
    });
    const spike = scored.find(({ score }) => score > threshold);
    return spike && { reason: 'spike', ...spike, threshold };
  }

  #rise(step: number, loss: number): Failure | undefined {
    if (this.#options.divergence === false) return undefined;
    const divergence = this.#divergence.judge(step, loss);
    if (!divergence) return undefined;
    const { value, lowest, threshold } = divergence;
    const meaning = `the smoothed loss has risen from ${lowest.toFixed(4)} to ${value.toFixed(4)} and stays there`;
    return { reason: 'divergence', quantity: 'loss', value, threshold, meaning };
  }

  #notFinite(quantity: 'loss' | 'gradientNorm', value: number): Omit<Judgement, 'alarms'> {
    const { patience, notFinite } = this.#options;
    this.#consecutiveNotFinite++;
    const skip: SkipVerdict = { reason: 'not-finite', quantity, value };
    if (notFinite === 'skip' && this.#consecutiveNotFinite < patience) return { skip };
    const meaning = `${quantity} is ${value}, for the ${ordinal(this.#consecutiveNotFinite)} step in a row`;
    return { skip, failure: { reason: 'not-finite', quantity, value, meaning } };
  }
}

function ordinal(count: number): string {
  const endings: Record<number, string> = { 1: 'st', 2: 'nd', 3: 'rd' };
  const isTeen = count % 100 > 10 && count % 100 < 14;
  return `${count}${isTeen ? 'th' : (endings[count % 10] ?? 'th')}`;
}
