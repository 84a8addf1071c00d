import { checkCount, checkRange } from './train-error.ts';

/** What may be changed by rule after a rollback. Each key that is left out is forbidden. */
export interface AllowedAdjustments {
  /** factor on all learning rates, each time */
  learningRate?: number;
  /** steps of another linear warm-up from the checkpoint on */
  warmupSteps?: number;
  /** factor on the limit of the gradient clip, each time */
  clip?: number;
}

/** Options of going back when a run fails. */
export interface RollbackOptions {
  /** so many rollbacks, then the run ends; default 3 */
  maximum?: number;
  /** default: nothing is changed but the data */
  adjust?: AllowedAdjustments;
}

/** Plain JSON: the rollbacks so far and what they changed. */
export interface RollbackState {
  count: number;
  /** factor on learning rates */
  learningRate: number;
  /** factor on the clip's limit */
  clip: number;
  /** the step from which on the learning rate warms up again; null without */
  warmupFrom: number | null;
}

/** The state of a run that was never rolled back. */
export const noRollbacks: RollbackState = { count: 0, learningRate: 1, clip: 1, warmupFrom: null };

/** Throws `BAD_OPTION`. */
export function checkRollback({ maximum = 3, adjust = {} }: RollbackOptions): void {
  checkCount('guards.rollback.maximum', maximum);
  checkRange('guards.rollback.adjust.learningRate', adjust.learningRate ?? 1, Number.MIN_VALUE, 1);
  checkRange('guards.rollback.adjust.clip', adjust.clip ?? 1, Number.MIN_VALUE, 1);
  checkCount('guards.rollback.adjust.warmupSteps', adjust.warmupSteps ?? 0, 0);
}

/** The state after going back to a step: each adjustment that is allowed is made once more. */
export function adjusted(state: RollbackState, adjust: AllowedAdjustments = {}, toStep: number): RollbackState {
  return {
    count: state.count + 1,
    learningRate: state.learningRate * (adjust.learningRate ?? 1),
    clip: state.clip * (adjust.clip ?? 1),
    warmupFrom: adjust.warmupSteps ? toStep : state.warmupFrom,
  };
}

/** The factor on learning rates at a step that earlier rollbacks ask for. */
export function rollbackScale(state: RollbackState, adjust: AllowedAdjustments = {}, step: number): number {
  const { warmupFrom, learningRate } = state;
  if (warmupFrom === null || !adjust.warmupSteps) return learningRate;
  return learningRate * Math.min(1, Math.max(0, step - warmupFrom) / adjust.warmupSteps);
}

/** The last regular checkpoint at or before a step; 0 is the beginning. */
export function regularStepBefore(step: number, every: number): number {
  return Math.floor(step / every) * every;
}
