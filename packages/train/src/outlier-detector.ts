import { checkCount } from './train-error.ts';

/** Plain JSON: what a detector remembers. */
export interface OutlierDetectorState {
  values: number[];
}

/**
 * Tells how many standard deviations a value lies above the mean of the last `window` values, the value itself
 * included (population statistics). Until the window is full there is no score.
 *
 * Source: llm.c, llmc/outlier_detector.h.
 */
export class OutlierDetector {
  readonly #window: number;
  #values: number[] = [];

  constructor(window = 128) {
    checkCount('window', window, 2);
    this.#window = window;
  }

  /** Takes a finite value in; returns its z-score, NaN while the window fills, 0 when all values are equal. */
  score(value: number): number {
    this.#values.push(value);
    if (this.#values.length <= this.#window) return Number.NaN;
    this.#values.shift();
    const mean = this.#values.reduce((sum, one) => sum + one, 0) / this.#window;
    const variance = this.#values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / this.#window;
    return variance === 0 ? 0 : (value - mean) / Math.sqrt(variance);
  }

  state(): OutlierDetectorState {
    return { values: [...this.#values] };
  }

  restore(state: OutlierDetectorState): void {
    this.#values = [...state.values];
  }
}
