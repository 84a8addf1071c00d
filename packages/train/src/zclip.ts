import type { GradientClip, GradientNorms } from './gradient-clip.ts';
import { checkCount, checkRange } from './train-error.ts';

/** Options of {@link ZClip}. */
export interface ZClipOptions {
  /** decay of the running mean and variance, default 0.97 */
  alpha?: number;
  /** z* above which a norm counts as a spike, default 2.5 */
  threshold?: number;
  /** steps that only fill the statistics, clipped at `maximumNorm`; default 25 */
  warmupSteps?: number;
  /** a cap that always holds, or null; default 1. A low cap hides what ZClip does. */
  maximumNorm?: number | null;
}

interface ZClipState {
  warmup: number[];
  mean: number;
  variance: number;
}

/**
 * ZClip: follows mean and variance of the gradient norm and pulls a norm with z-score above z* back to
 * μ + z*²σ / z, the closer to the mean the bigger the outlier.
 *
 * Source: bluorion-com/ZClip zclip/zclip.py (mode `zscore`, `clip_option: adaptive_scaling`), arXiv 2504.02507.
 */
export class ZClip implements GradientClip {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly #options: Required<ZClipOptions>;
  #state: ZClipState = { warmup: [], mean: 0, variance: 0 };

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: ZClipOptions = {}) {
    this.#options = { alpha: 0.97, threshold: 2.5, warmupSteps: 25, maximumNorm: 1, ...options };
    checkRange('alpha', this.#options.alpha, 0, 1);
    checkRange('threshold', this.#options.threshold, Number.MIN_VALUE);
    checkCount('warmupSteps', this.#options.warmupSteps);
    this.settings = { kind: 'zclip', ...this.#options };
  }

  factor({ global }: GradientNorms, tightness = 1): number {
    const target = this.#target(global, this.#options.threshold * tightness);
    const capped = Math.min(target, tightness * (this.#options.maximumNorm ?? Infinity));
    return Math.min(1, capped / (global + 1e-6));
  }

  state(): ZClipState {
    return { ...this.#state, warmup: [...this.#state.warmup] };
  }

  restore(state: unknown): void {
    const { warmup, mean, variance } = state as ZClipState;
    this.#state = { warmup: [...warmup], mean, variance };
  }

  #target(norm: number, threshold: number): number {
    if (this.#state.warmup.length < this.#options.warmupSteps) return this.#warmUp(norm);
    const { mean, variance } = this.#state;
    const deviation = Math.sqrt(variance);
    const score = (norm - mean) / (deviation + 1e-6);
    if (score <= threshold) return this.#follow(norm) ?? Infinity;
    return this.#follow(mean + (threshold ** 2 * deviation) / score);
  }

  #warmUp(norm: number): number {
    const warmup = [...this.#state.warmup, norm];
    const mean = warmup.reduce((sum, value) => sum + value, 0) / warmup.length;
    const variance = warmup.reduce((sum, value) => sum + (value - mean) ** 2, 0) / warmup.length;
    this.#state = { warmup, mean, variance };
    return Infinity;
  }

  #follow(norm: number): number {
    const { alpha } = this.#options;
    const mean = alpha * this.#state.mean + (1 - alpha) * norm;
    const variance = alpha * this.#state.variance + (1 - alpha) * (norm - mean) ** 2;
    this.#state = { ...this.#state, mean, variance };
    return norm;
  }
}
