import { distillationObjective, uniformLayerMap, type DivergenceKind } from '@smol/distill';
import type { SmolLM } from '@smol/model';
import { mtpObjective, stagedHeadWeights } from '@smol/mtp';
import type { Tokenizer } from '@smol/tokenizer';
import { nextToken, withObjectives, type Objective, type TrainableModel } from '@smol/train';
import { makeHeads } from '../make-heads.ts';
import { trainSeed } from '../model-config.ts';
import { PretrainError } from '../pretrain-error.ts';
import type { StepContext } from '../step.ts';
import type { TrainRecipe } from '../train-schema.ts';
import { findTeacher, type FoundTeacher } from './find-teacher.ts';
import type { DistillRecipe, MtpRecipe } from './objective-schema.ts';
import { reportTeacher } from './report-teacher.ts';

/** What a run trains: the model with all that it learns from. */
export interface Learner {
  model: TrainableModel;
  /** how it stands to its teacher, if it has one */
  report?(): Promise<Record<string, number>>;
  /** frees what the objectives brought along, not the model */
  dispose(): void;
}

/** An objective and what is to be freed after it. */
interface Made {
  objective: Objective;
  report?(): Promise<Record<string, number>>;
  dispose(): void;
}

/**
 * The model of a recipe as the Trainer takes it: with the next token's loss, or a teacher's in its place, and with further
 * heads, as the recipe says.
 *
 * @throws as {@link findTeacher}
 */
export async function makeLearner(context: StepContext, model: SmolLM, tokenizer: Tokenizer): Promise<Learner> {
  const { distill, mtp, train } = context.recipe;
  const { zLoss, checkpointing = false } = train;
  if (!distill && !mtp) return { model: plainLearner(model, train), dispose: () => {} };
  const main: Made = distill
    ? await makeDistillation(context, distill, model, tokenizer)
    : { objective: nextToken({ zLoss }), dispose: () => {} };
  const made = [main, ...(mtp ? [makeMtp(mtp, model, trainSeed(context.recipe))] : [])];
  return {
    model: withObjectives(
      model,
      made.map(({ objective }) => objective),
      { checkpointing },
    ),
    ...(main.report && { report: main.report }),
    dispose: () => made.forEach((one) => one.dispose()),
  };
}

/** The model's own loss. */
export function plainLearner(
  model: SmolLM,
  { zLoss, checkpointing = false }: Pick<TrainRecipe, 'zLoss' | 'checkpointing'>,
): TrainableModel {
  return {
    parameters: model.parameters,
    loss: (batch, { maxLogits }) => model.loss(batch, { zLoss, checkpointing, ...(maxLogits && { maxLogits }) }),
  };
}

async function makeDistillation(
  context: StepContext,
  distill: DistillRecipe,
  model: SmolLM,
  tokenizer: Tokenizer,
): Promise<Made> {
  const found = await findTeacher(context, distill, tokenizer);
  const { teacher, temperature, shape } = found;
  const isDivergence = shape !== undefined && distill.method !== undefined;
  const objective = distillationObjective({
    teacher,
    temperature,
    alpha: distill.alpha,
    ...(isDivergence && { divergence: distill.method as DivergenceKind }),
    ...(shape && distill.hidden && { hidden: hiddenOptions(distill.hidden, shape, model, trainSeed(context.recipe)) }),
  });
  return {
    objective,
    report: () => reportTeacher(context, found, model),
    dispose() {
      objective.dispose();
      found.close();
    },
  };
}

function hiddenOptions(
  { layers, weight, measure }: NonNullable<DistillRecipe['hidden']>,
  teacher: NonNullable<FoundTeacher['shape']>,
  { config }: SmolLM,
  seed: number,
) {
  const pairs = layers === 'uniform' ? uniformLayerMap(config.num_hidden_layers, teacher.layers) : layers;
  const beyond = pairs.find(([, layer]) => layer >= teacher.layers);
  if (beyond)
    throw new PretrainError(
      'RECIPE_INVALID',
      `distill.hidden.layers: the teacher has layers 0 to ${teacher.layers - 1}, not ${beyond[1]}`,
    );
  return { pairs, weight, measure, seed, studentWidth: config.hidden_size, teacherWidth: teacher.width };
}

function makeMtp({ stages, ...mtp }: MtpRecipe, model: SmolLM, seed: number): Made {
  const heads = makeHeads(mtp, model.config, seed);
  const objective = mtpObjective({
    heads,
    ...(stages && { weights: (progress: number) => stagedHeadWeights(stages, progress) }),
    embedding_VD: model.parameters.get('model.embed_tokens.weight')!,
  });
  return { objective: objective as Objective, dispose: () => heads.dispose() };
}
