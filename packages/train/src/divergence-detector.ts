import { checkCount, checkRange } from './train-error.ts';

/** Options of {@link DivergenceDetector}. */
export interface DivergenceOptions {
  /** nats by which the smoothed loss may be above its lowest value; default 0.3, 2.4 times the worst of 25 healthy runs */
  rise?: number;
  /** so many steps in a row; default 50 */
  steps?: number;
  /** decay of the smoothed loss, default 0.98 */
  decay?: number;
  /** steps that only fill the average, default 100 */
  warmupSteps?: number;
}

/** Plain JSON: what the detector remembers. */
export interface DivergenceState {
  count: number;
  average: number;
  /** lowest smoothed loss, and its step; before there is one, the last step */
  lowest: number | null;
  lowestStep: number;
  stepsAbove: number;
}

/** A run whose loss goes up and stays up. */
export interface Divergence {
  /** smoothed loss now */
  value: number;
  /** what it was at its lowest */
  lowest: number;
  threshold: number;
}

/**
 * Finds runs that diverge: the debiased running mean of the loss stays above its lowest value so far. A spike that passes
 * does not trip it; single steps are the business of the z-score.
 *
 * Calibrated on the public per-step logs of 25 healthy runs (KellerJordan/modded-nanogpt: at most 0.123 nats) and on
 * failed ones (huggingface/datablations).
 */
export class DivergenceDetector {
  readonly #options: Required<DivergenceOptions>;
  #state: DivergenceState = { count: 0, average: 0, lowest: null, lowestStep: 0, stepsAbove: 0 };

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: DivergenceOptions = {}) {
    this.#options = { rise: 0.3, steps: 50, decay: 0.98, warmupSteps: 100, ...options };
    checkRange('guards.divergence.rise', this.#options.rise, Number.MIN_VALUE);
    checkRange('guards.divergence.decay', this.#options.decay, 0, 1);
    checkCount('guards.divergence.steps', this.#options.steps);
    checkCount('guards.divergence.warmupSteps', this.#options.warmupSteps, 0);
  }

  /** The last step of which is known that the loss was as low as it ever had been. */
  get goodStep(): number {
    return this.#state.lowestStep;
  }

  /** Takes the finite loss of a step; says so when the run has diverged. */
  judge(step: number, loss: number): Divergence | undefined {
    const { rise, steps, decay, warmupSteps } = this.#options;
    const state = this.#state;
    state.count += 1;
    state.average = decay * state.average + (1 - decay) * loss;
    if (state.count <= warmupSteps) {
      state.lowestStep = step; // nothing speaks against it
      return undefined;
    }
    const value = state.average / (1 - decay ** state.count);
    if (state.lowest === null || value <= state.lowest) {
      Object.assign(state, { lowest: value, lowestStep: step, stepsAbove: 0 });
      return undefined;
    }
    state.stepsAbove = value > state.lowest + rise ? state.stepsAbove + 1 : 0;
    return state.stepsAbove >= steps ? { value, lowest: state.lowest, threshold: state.lowest + rise } : undefined;
  }

  /** The run was put back to this step, which is as good as it gets. */
  trust(step: number): void {
    this.#state.lowestStep = Math.max(this.#state.lowestStep, step);
  }

  /** Forgets all: with other data, another loss is normal. */
  reset(step: number): void {
    this.#state = { count: 0, average: 0, lowest: null, lowestStep: step, stepsAbove: 0 };
  }

  state(): DivergenceState {
    return { ...this.#state };
  }

  restore(state: DivergenceState): void {
    this.#state = { ...state };
  }
}
