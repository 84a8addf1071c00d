import { OutlierDetector, type OutlierDetectorState } from './outlier-detector.ts';
import { checkCount, checkRange, TrainError } from './train-error.ts';

/** Options of {@link StepGuard}. */
export interface GuardOptions {
  /** A step is skipped when its loss or gradient norm has a z-score above this; `Infinity` turns it off. Default 6. */
  spikeThreshold?: number;
  /** Steps that the z-score looks back on; none is skipped before that many are there. Default 128. */
  window?: number;
  /** So many NaN or infinite steps one after another end the run. Default 3. */
  patience?: number;
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

/** Plain JSON: what a guard remembers. */
export interface GuardState {
  loss: OutlierDetectorState;
  gradientNorm: OutlierDetectorState;
  consecutiveNotFinite: number;
}

/**
 * Decides from loss and gradient norm whether a step is applied: never when one of them is not a finite number, and not
 * when one is an outlier among the last steps. Over a healthy run of some thousand steps z > 6 happens about six times.
 *
 * Source: llm.c (`-sl`, `-sg`): window 128, value included.
 */
export class StepGuard {
  readonly #options: Required<GuardOptions>;
  readonly #detectors: { readonly loss: OutlierDetector; readonly gradientNorm: OutlierDetector };
  #consecutiveNotFinite = 0;

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: GuardOptions = {}) {
    this.#options = { spikeThreshold: 6, window: 128, patience: 3, ...options };
    checkRange('guards.spikeThreshold', this.#options.spikeThreshold, 0);
    checkCount('guards.patience', this.#options.patience);
    const { window } = this.#options;
    this.#detectors = { loss: new OutlierDetector(window), gradientNorm: new OutlierDetector(window) };
  }

  /**
   * @returns why the step must be skipped, or undefined when it is good
   * @throws TrainError `DIVERGED` when patience has run out
   */
  judge(step: number, measured: { loss: number; gradientNorm: number }): SkipVerdict | undefined {
    const quantities = ['loss', 'gradientNorm'] as const;
    const broken = quantities.find((quantity) => !Number.isFinite(measured[quantity]));
    if (broken) return this.#notFinite(step, broken, measured[broken]);
    this.#consecutiveNotFinite = 0;
    const { spikeThreshold: threshold } = this.#options;
    const spikes = quantities
      .map((quantity) => ({
        quantity,
        value: measured[quantity],
        score: this.#detectors[quantity].score(measured[quantity]),
      }))
      .filter(({ score }) => score > threshold);
    return spikes.length > 0 ? { reason: 'spike', ...spikes[0], threshold } : undefined;
  }

  state(): GuardState {
    return {
      loss: this.#detectors.loss.state(),
      gradientNorm: this.#detectors.gradientNorm.state(),
      consecutiveNotFinite: this.#consecutiveNotFinite,
    };
  }

  restore(state: GuardState): void {
    this.#detectors.loss.restore(state.loss);
    this.#detectors.gradientNorm.restore(state.gradientNorm);
    this.#consecutiveNotFinite = state.consecutiveNotFinite;
  }

  #notFinite(step: number, quantity: 'loss' | 'gradientNorm', value: number): SkipVerdict {
    this.#consecutiveNotFinite++;
    if (this.#consecutiveNotFinite < this.#options.patience) return { reason: 'not-finite', quantity, value };
    throw new TrainError(
      'DIVERGED',
      `step ${step}: ${quantity} is ${value}, for the ${this.#consecutiveNotFinite}th step in a row; ` +
        'go back to an earlier checkpoint with a lower learning rate, or look at the data of these steps',
    );
  }
}
