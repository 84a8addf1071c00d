import { constant, cosine, product, trapezoid, warmRestarts, wsd, type Schedule, type TrainStage } from '@smol/train';
import type { ScheduleRecipe, TrainRecipe } from './train-schema.ts';

type ScheduleKeys = Omit<ScheduleRecipe, 'scale'> & { scale?: number };

/** The schedule that keys of a recipe stand for, over so many steps. */
function makeSchedule(keys: ScheduleKeys, totalSteps: number): Schedule {
  const { kind, scale = 1, warmupSteps, decaySteps, decayShape, minimum, cycleSteps = totalSteps } = keys;
  const common = { totalSteps, warmupSteps, peak: scale, minimum };
  if (kind === 'constant') return constant(scale);
  if (kind === 'cosine') return cosine(common);
  if (kind === 'trapezoid') return trapezoid({ ...common, decaySteps });
  if (kind === 'warm-restarts') return product(constant(scale), warmRestarts({ cycleSteps, warmupSteps, minimum }));
  return wsd({ ...common, decaySteps, decayShape });
}

/** Steps of all stages. */
export function totalStepsOf({ stages }: TrainRecipe): number {
  return stages.reduce((sum, { steps }) => sum + steps, 0);
}

/** The learning rate over the whole run, as a factor. */
export function runSchedule(train: TrainRecipe): Schedule {
  return makeSchedule({ ...train, kind: train.schedule }, totalStepsOf(train));
}

/**
 * The stages as the Trainer takes them.
 *
 * @param enter makes the model fit the stage of this index
 */
export function trainStages({ stages }: TrainRecipe, enter?: (index: number) => void): TrainStage[] {
  return stages.map(({ name, steps, schedule, resetOptimizer }, index) => ({
    name,
    steps,
    ...(enter && { enter: () => enter(index) }),
    ...(resetOptimizer && { resetOptimizer }),
    ...(schedule && { schedule: makeSchedule(schedule, steps) }),
  }));
}

/** The factor on learning rates at a step, of run and stage together: what is drawn. */
export function learningRateScale(train: TrainRecipe): (step: number) => number {
  const run = runSchedule(train);
  const stages = trainStages(train);
  return (step) => {
    let start = 0;
    const stage = stages.find(({ steps }) => step <= start + steps || ((start += steps), false));
    return run(step) * (stage?.schedule?.(step - start) ?? 1);
  };
}

/** Rows of the batch at a step, counted from 0. */
export function rowsAt({ batchSize }: TrainRecipe, step: number): number {
  if (typeof batchSize === 'number') return batchSize;
  return batchSize.findLast(({ fromStep }) => fromStep <= step)?.rows ?? batchSize[0].rows;
}

/** Tokens of each stage. */
export function stageTokens(train: TrainRecipe): number[] {
  let start = 0;
  return train.stages.map(({ steps, sequenceLength = train.sequenceLength }) => {
    const end = start + steps;
    const rows = rowsBetween(train, start, end);
    start = end;
    return rows * sequenceLength;
  });
}

function rowsBetween({ batchSize }: TrainRecipe, start: number, end: number): number {
  if (typeof batchSize === 'number') return batchSize * (end - start);
  return batchSize.reduce((sum, { fromStep, rows }, index) => {
    const from = Math.max(start, fromStep);
    const to = Math.min(end, batchSize[index + 1]?.fromStep ?? Infinity);
    return sum + rows * Math.max(0, to - from);
  }, 0);
}
