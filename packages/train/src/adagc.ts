import type { GradientClip, GradientNorms } from './gradient-clip.ts';
import { checkCount, checkRange } from './train-error.ts';

/** Options of {@link AdaGC}. */
export interface AdaGCOptions {
  /** a gradient may be so many times as large as its running norm, default 1.05 */
  relativeLimit?: number;
  /** decay of the running norms, default 0.98 */
  beta?: number;
  /** global norm let through while the running norms begin, default 1 */
  absoluteLimit?: number;
  /** steps of that, default 100 */
  warmupSteps?: number;
}

interface AdaGCState {
  steps: number;
  /** running norm of each parameter's clipped gradient */
  norms: Record<string, number>;
}

/**
 * Adaptive gradient clipping: follows the norm of each parameter's gradient and lets it grow by a few per cent a step.
 *
 *     ĝ = min(λ·γ / ‖g‖, 1)·g;   γ ← β·γ + (1 − β)·‖ĝ‖
 *
 * In the first steps the global norm is clipped instead, and γ is the smallest norm seen.
 *
 * Source: Wang et al. 2025, "AdaGC: Improving Training Stability for Large Language Model Pretraining" (arXiv 2502.11034).
 */
export class AdaGC implements GradientClip {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly perParameter = true;
  readonly #options: Required<AdaGCOptions>;
  #state: AdaGCState = { steps: 0, norms: {} };

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: AdaGCOptions = {}) {
    this.#options = { relativeLimit: 1.05, beta: 0.98, absoluteLimit: 1, warmupSteps: 100, ...options };
    checkRange('relativeLimit', this.#options.relativeLimit, 1);
    checkRange('beta', this.#options.beta, 0, 1);
    checkRange('absoluteLimit', this.#options.absoluteLimit, Number.MIN_VALUE);
    checkCount('warmupSteps', this.#options.warmupSteps);
    this.settings = { kind: 'adagc', ...this.#options };
  }

  factor({ global, each }: GradientNorms, tightness = 1): ReadonlyMap<string, number> {
    const { absoluteLimit, warmupSteps } = this.#options;
    const isWarmingUp = this.#state.steps < warmupSteps;
    this.#state.steps += 1;
    const common = Math.min(1, (absoluteLimit * tightness) / (global + 1e-6));
    const factorOf = (name: string, norm: number) =>
      isWarmingUp ? this.#warmUp(name, norm, common) : this.#follow(name, norm, tightness);
    return new Map([...each].map(([name, norm]) => [name, factorOf(name, norm)]));
  }

  state(): AdaGCState {
    return structuredClone(this.#state);
  }

  restore(state: unknown): void {
    this.#state = structuredClone(state as AdaGCState);
  }

  #warmUp(name: string, norm: number, factor: number): number {
    const clipped = norm * factor;
    this.#state.norms[name] = Math.min(this.#state.norms[name] ?? clipped, clipped);
    return factor;
  }

  #follow(name: string, norm: number, tightness: number): number {
    const { relativeLimit, beta } = this.#options;
    const running = this.#state.norms[name] ?? norm;
    const limit = running * (1 + (relativeLimit - 1) * tightness);
    const factor = norm === 0 ? 1 : Math.min(1, limit / norm);
    this.#state.norms[name] = beta * running + (1 - beta) * norm * factor;
    return factor;
  }
}
