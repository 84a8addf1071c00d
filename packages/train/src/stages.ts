import { checkCount, TrainError } from './train-error.ts';
import type { Schedule } from './schedule.ts';

/** A stretch of training with settings of its own. What it reads (mixture, sequence length) is the loader's business. */
export interface TrainStage {
  name: string;
  steps: number;
  /** factor on the learning rate beside that of the run; counts its steps from 1 */
  schedule?: Schedule;
  /** begin with empty running averages, as SmolLM3's second long-context stage did; default: keep them */
  resetOptimizer?: boolean;
  /** makes the model fit, such as another RoPE base; called when the stage begins, and when a run resumes or goes back to a step of it (the last, too: its evaluation) */
  enter?(): void | Promise<void>;
}

/** A stage and where it lies. */
export interface PlacedStage extends TrainStage {
  index: number;
  /** steps before it */
  start: number;
}

/** Lays stages end to end. @throws TrainError `BAD_OPTION` */
export function placeStages(stages: readonly TrainStage[]): PlacedStage[] {
  let start = 0;
  return stages.map((stage, index) => {
    checkCount(`steps of stage "${stage.name}"`, stage.steps);
    const placed = { ...stage, index, start };
    start += stage.steps;
    return placed;
  });
}

/** The stage that a step (from 1) belongs to. */
export function stageOf(stages: readonly PlacedStage[], step: number): PlacedStage | undefined {
  return stages.findLast(({ start }) => step > start);
}

/** The stages' own factor on the learning rate. */
export function stageScale(stages: readonly PlacedStage[], step: number): number {
  const stage = stageOf(stages, step);
  return stage?.schedule?.(step - stage.start) ?? 1;
}

/** Throws `BAD_OPTION` unless the stages add up. */
export function checkStages(stages: readonly PlacedStage[], totalSteps: number): void {
  const last = stages.at(-1);
  if (last === undefined || last.start + last.steps === totalSteps) return;
  throw new TrainError('BAD_OPTION', `the stages have ${last.start + last.steps} steps, totalSteps is ${totalSteps}`);
}
