import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BatchLoader, evaluationBatches, TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { countParameters, flopsPerToken, SmolLM, type ModelTensor } from '@smol/model';
import { loadModel } from '@smol/model/node';
import { isHeadParameter } from '@smol/mtp';
import type { Tokenizer } from '@smol/tokenizer';
import { loadTokenizer } from '@smol/tokenizer/node';
import { measurePeakFlops, progressSink, Trainer, type TrainResult } from '@smol/train';
import { eventLog, jsonlSink, tensorboardSink } from '@smol/train/node';
import { toFloat32 } from '@smol/weights';
import { readSafetensors } from '@smol/weights/node';
import * as tf from '@tensorflow/tfjs-core';
import { writeFileAtomic } from './atomic-write.ts';
import { makeClip, makeGuards, makeOptimizers, makeOptimizerSchedules } from './make-optimizers.ts';
import { runSchedule, totalStepsOf, trainStages } from './make-schedule.ts';
import { modelConfig, stageRopeThetas, trainSeed } from './model-config.ts';
import { makeLearner, plainLearner, type Learner } from './objectives/make-learner.ts';
import { PretrainError } from './pretrain-error.ts';
import { readCompletion } from './completion.ts';
import { formatCount } from './format.ts';
import { showActivations } from './show-activations.ts';
import { checkSourcesHaveText } from './sources-have-text.ts';
import { stopIfAsked, type Step, type StepContext } from './step.ts';
import { lossOnData, readStepRecords } from './step-records.ts';
import { END_OF_TEXT, PADDING, shardPath, tokenizerFolder, type TokenizeSummary } from './tokenize.ts';

export interface TrainSummary {
  parameters: number;
  steps: number;
  tokens: number;
  firstLoss: number;
  lastLoss: number;
  /** Share of the training tokens that each source gave. */
  sourceShares: Record<string, number>;
  engine: string;
  seconds: number;
}

const checkpointsFolder = (runFolder: string) => join(runFolder, 'checkpoints');

/** Trains the model through all stages under one schedule; a stopped training goes on from its newest checkpoint. */
export const trainStep: Step<TrainSummary> = {
  name: 'train',
  outputs: ['checkpoints', 'metrics.jsonl'],
  inputs: ({ recipe }) => {
    const { model, train, seed, distill, mtp } = recipe;
    return [model, train, seed, ...(distill || mtp ? [{ distill, mtp }] : [])];
  },
  async run(context, key) {
    const { recipe, runFolder, threads, progress } = context;
    checkSources(context);
    discardOtherRuns(runFolder, key);
    const { engine: choice, precision } = recipe.train;
    const engine = await useEngine(choice, { threads, precision, log: (line) => progress.log('train', line) });
    const tokenizer = await loadTokenizer(tokenizerFolder(runFolder));
    const model =
      recipe.model.from === undefined ? initialModel(context, tokenizer) : await givenModel(context, tokenizer);
    const loader = openLoader(context, tokenizer.vocabularySize);
    const learner = await makeLearner(context, model, tokenizer);
    const peakFlops = await measurePeakFlops();
    const result = await runTrainer(makeTrainer(context, model, loader, { peakFlops, learner }));
    learner.dispose();
    model.dispose();
    if (result.stopped) stopIfAsked(context.signal);
    const losses = readStepRecords(runFolder).map((record) => lossOnData(record) ?? Number.NaN);
    return {
      parameters: countParameters(model.config),
      steps: result.step,
      tokens: result.tokens,
      firstLoss: losses[0],
      lastLoss: losses[losses.length - 1],
      sourceShares: loader.shares(),
      engine: `${engine.name} (${engine.threads} threads)`,
      seconds: readStepRecords(runFolder).reduce((sum, { timing }) => sum + timing.seconds, 0),
    };
  },
  describe: ({ steps, firstLoss, lastLoss, tokens }) =>
    `${formatCount(steps)} steps, ${formatCount(tokens)} tokens, loss ${firstLoss.toFixed(3)} → ${lastLoss.toFixed(3)}`,
};

/** SIGUSR1 asks for a checkpoint and the run goes on; the command line stops it by its signal. */
async function runTrainer(trainer: Trainer): Promise<TrainResult> {
  const save = () => trainer.requestCheckpoint();
  process.on('SIGUSR1', save);
  try {
    return await trainer.run();
  } finally {
    process.off('SIGUSR1', save);
  }
}

/** Checkpoints and metrics that were made from other inputs must not be gone on from. */
function discardOtherRuns(runFolder: string, key: string): void {
  const keyFile = join(checkpointsFolder(runFolder), 'inputs.sha256');
  if (existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
  discardTraining(runFolder);
  writeFileAtomic(keyFile, key);
}

/** Removes everything that a training left. */
export function discardTraining(runFolder: string): void {
  for (const left of ['checkpoints', 'metrics.jsonl', 'events.jsonl', 'tensorboard']) {
    rmSync(join(runFolder, left), { recursive: true, force: true });
  }
}

/** Mixtures can change after curation: what it left of their sources is looked at again. */
function checkSources(context: StepContext): void {
  const { sources } = readTokenizeSummary(context);
  checkSourcesHaveText(
    context,
    Object.fromEntries(Object.entries(sources).map(([name, { documents }]) => [name, documents] as const)),
  );
}

function readTokenizeSummary({ runFolder }: StepContext): TokenizeSummary {
  return readCompletion(runFolder, 'tokenize')?.summary as TokenizeSummary;
}

/** The model as it is before the first step. */
export function initialModel({ recipe }: StepContext, tokenizer: Tokenizer): SmolLM {
  const idOf = (token: string) => tokenizer.tokenToId(token) as number;
  const config = modelConfig(recipe, tokenizer.vocabularySize, idOf(END_OF_TEXT), idOf(PADDING));
  return SmolLM.initialize(config, { seed: trainSeed(recipe) });
}

/** The weights of another model in the shape that the recipe describes, such as one with another RoPE base. */
async function givenModel(context: StepContext, tokenizer: Tokenizer): Promise<SmolLM> {
  const { recipe, folder } = context;
  const from = resolve(folder, recipe.model.from as string);
  const given = await loadModel(existsSync(join(from, 'model')) ? join(from, 'model') : from);
  const fresh = initialModel(context, tokenizer);
  const odd = [...fresh.parameters].find(
    ([name, { shape }]) => given.parameters.get(name)?.shape.join() !== shape.join(),
  );
  if (odd === undefined) {
    tf.tidy(() => {
      for (const [name, parameter] of fresh.parameters)
        parameter.assign(tf.clone(given.parameters.get(name) as tf.Tensor));
    });
    given.dispose();
    return fresh;
  }
  const [name, { shape }] = odd;
  const got = given.parameters.get(name)?.shape;
  throw new PretrainError(
    'RECIPE_INVALID',
    `model.from: ${from} has "${name}" ${got ? `[${got}]` : 'not'}, the recipe wants [${shape}]; describe the same model`,
  );
}

/** The model as training left it, from the newest checkpoint: with the rotary base of the last stage. */
export async function loadFinalModel(context: StepContext): Promise<SmolLM> {
  const { runFolder, recipe } = context;
  const tokenizer = await loadTokenizer(tokenizerFolder(runFolder));
  const weights = await newestWeights(runFolder);
  const values = new Map([...weights].filter(([name]) => !isHeadParameter(name) && !name.startsWith('distill.')));
  const idOf = (token: string) => tokenizer.tokenToId(token) as number;
  const config = modelConfig(recipe, tokenizer.vocabularySize, idOf(END_OF_TEXT), idOf(PADDING));
  return SmolLM.fromTensors({ ...config, rope_theta: stageRopeThetas(recipe).at(-1) }, values);
}

/** All weights of the newest checkpoint, also those of heads and projections. */
export async function newestWeights(runFolder: string): Promise<Map<string, ModelTensor>> {
  const folder = checkpointsFolder(runFolder);
  const latest = readFileSync(join(folder, 'latest'), 'utf8').trim();
  const { tensors } = await readSafetensors(join(folder, latest, 'model.safetensors'));
  return new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }]));
}

/** Batches from the token shards of the run, by the mixtures of the recipe's stages. */
export function openLoader({ recipe, runFolder, progress }: StepContext, vocabularySize: number): BatchLoader {
  const { batchSize, sequenceLength, packing, stages } = recipe.train;
  const names = new Set(stages.flatMap(({ mixture }) => Object.keys(mixture)));
  return new BatchLoader({
    sources: Object.fromEntries([...names].map((name) => [name, [TokenShard.open(shardPath(runFolder, name))]])),
    stages: stages.map(({ steps, mixture, sequenceLength: own }) => ({
      steps,
      mixture,
      sequenceLength: own ?? sequenceLength,
    })),
    batchSize,
    packing,
    sequenceLength,
    seed: trainSeed(recipe),
    vocabularySize,
    onWarning: (message) => progress.log('train', `warning: ${message}`),
  });
}

/** Loss on every window of the held-out source. */
function heldOutLoss({ recipe, runFolder }: StepContext, model: SmolLM): { loss: number } {
  const shard = TokenShard.open(shardPath(runFolder, recipe.heldOut.source));
  const { sequenceLength } = recipe.train;
  let [sum, count] = [0, 0];
  for (const batch of evaluationBatches([shard], { batchSize: 8, sequenceLength, maximumBatches: 32 })) {
    const counted = batch.targets.reduce((total, target) => total + Number(target >= 0), 0);
    const ids = (data: Int32Array) => tf.tensor2d(data, [batch.rows, sequenceLength], 'int32');
    const loss = tf.tidy(() => {
      const tensors = {
        inputs_BT: ids(batch.inputs),
        targets_BT: ids(batch.targets),
        segmentIds_BT: ids(batch.segments),
      };
      return model.loss(tensors).dataSync()[0];
    });
    [sum, count] = [sum + counted * loss, count + counted];
  }
  shard.close();
  return { loss: sum / count };
}

/** The next token is all there is to learn. */
function plain({ recipe }: StepContext, model: SmolLM): Omit<Learner, 'dispose'> {
  return { model: plainLearner(model, recipe.train) };
}

/**
 * Model, optimizers, batches, schedule and sinks of a recipe, put together.
 *
 * @param options.peakFlops what the engine can do, for the share of it that training reaches
 * @param options.learner the model with all that it learns from; default: the next token
 */
export function makeTrainer(
  context: StepContext,
  model: SmolLM,
  loader: BatchLoader,
  { peakFlops, learner = plain(context, model) }: { peakFlops?: number; learner?: Omit<Learner, 'dispose'> } = {},
): Trainer {
  const { recipe, runFolder, progress, signal } = context;
  const { train } = recipe;
  const { evaluateEvery, inspectEvery, microBatchRows, resume } = train;
  const totalSteps = totalStepsOf(train);
  const ropeThetas = stageRopeThetas(recipe);
  const evaluate = async () => ({ ...heldOutLoss(context, model), ...(await learner.report?.()) });
  return new Trainer({
    model: {
      ...learner.model,
      loss(batch, { onActivation, ...options }) {
        if (onActivation) tf.dispose(showActivations(model, batch, onActivation));
        return learner.model.loss(batch, options);
      },
    },
    optimizers: makeOptimizers(train, { parameters: learner.model.parameters, config: model.config }),
    optimizerSchedules: makeOptimizerSchedules(train),
    loader,
    totalSteps,
    schedule: runSchedule(train),
    stages: trainStages(train, (index) => model.setRopeTheta(ropeThetas[index])),
    gradientClip: makeClip(train),
    guards: makeGuards(train),
    ...(microBatchRows !== undefined && { microBatchRows }),
    ...(inspectEvery !== undefined && { inspect: { every: inspectEvery } }),
    ...(evaluateEvery !== undefined && { evaluate: { every: evaluateEvery, run: evaluate } }),
    sinks: [
      progressSink((line) => progress.update('train', line), { totalSteps }),
      jsonlSink(join(runFolder, 'metrics.jsonl')),
      eventLog(join(runFolder, 'events.jsonl')),
      tensorboardSink(join(runFolder, 'tensorboard')),
    ],
    checkpoint: {
      folder: checkpointsFolder(runFolder),
      every: train.checkpointEvery,
      keep: train.keepCheckpoints,
      resume,
    },
    bytesPerToken: bytesPerToken(context),
    flopsPerToken: (sequenceLength) => flopsPerToken(model.config, sequenceLength),
    ...(peakFlops !== undefined && { peakFlops }),
    signal,
    config: recipe,
  });
}

/** Bytes of text a token of the training sources stands for, on average. */
function bytesPerToken(context: StepContext): number {
  const { sources } = readTokenizeSummary(context);
  const training = Object.entries(sources).filter(([name]) => name !== context.recipe.heldOut.source);
  const sum = (field: 'bytes' | 'tokens') => training.reduce((total, [, source]) => total + source[field], 0);
  return sum('bytes') / sum('tokens');
}
