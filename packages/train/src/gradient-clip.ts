import { checkRange } from './train-error.ts';

/** Sizes of a step's gradients, all finite. */
export interface GradientNorms {
  /** norm of all gradients together */
  global: number;
  /** norm of each parameter's gradient; there when the clip asks for it */
  each: ReadonlyMap<string, number>;
}

/** One factor for all gradients, or one for each parameter. */
export type ClipFactor = number | ReadonlyMap<string, number>;

/** Says by how much the gradients of a step are scaled down. */
export interface GradientClip {
  readonly settings: Readonly<Record<string, unknown>>;
  /** whether it looks at the norm of each gradient */
  readonly perParameter?: boolean;
  /**
   * Factors in (0, 1]. Called once for every step that is applied.
   *
   * @param tightness factor in (0, 1] on whatever limit there is; below 1 after a rollback that tightens it
   */
  factor(norms: GradientNorms, tightness?: number): ClipFactor;
  /** Plain JSON. */
  state(): unknown;
  restore(state: unknown): void;
}

/**
 * Clips the global norm: factor = min(1, maximum / (‖g‖ + 1e-6)), as `torch.nn.utils.clip_grad_norm_`.
 *
 * @param maximum largest norm let through; SmolLM3: 1
 * @throws TrainError `BAD_OPTION`
 */
export function globalClip(maximum = 1): GradientClip {
  checkRange('maximum', maximum, Number.MIN_VALUE);
  return {
    settings: { kind: 'global', maximum },
    factor: (norms, tightness = 1) => Math.min(1, (maximum * tightness) / (norms.global + 1e-6)),
    state: () => ({}),
    restore: () => {},
  };
}

/** The norm of the clipped gradients. */
export function clippedNorm(norms: GradientNorms, factor: ClipFactor): number {
  if (typeof factor === 'number') return norms.global * factor;
  return Math.hypot(...[...norms.each].map(([name, norm]) => norm * (factor.get(name) ?? 1)));
}
