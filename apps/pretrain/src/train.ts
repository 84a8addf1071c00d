import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BatchLoader, TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { countParameters, SmolLM, type ModelTensor } from '@smol/model';
import { AdamW, MuonClip, splitParameters } from '@smol/optim-muon';
import type { Tokenizer } from '@smol/tokenizer';
import { loadTokenizer } from '@smol/tokenizer/node';
import { progressSink, Trainer, wsd } from '@smol/train';
import { eventLog, jsonlSink, tensorboardSink } from '@smol/train/node';
import { toFloat32 } from '@smol/weights';
import { readSafetensors } from '@smol/weights/node';
import { writeFileAtomic } from './atomic-write.ts';
import { modelConfig } from './model-config.ts';
import { formatCount } from './progress.ts';
import { readStepRecords } from './report.ts';
import { readCompletion, stopIfAsked } from './run-recipe.ts';
import type { Step, StepContext } from './step.ts';
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
  inputs: ({ recipe }) => [recipe.model, recipe.train, recipe.seed],
  async run(context, key) {
    const { runFolder, threads, progress } = context;
    discardOtherRuns(runFolder, key);
    const engine = await useEngine('auto', { threads, log: (line) => progress.log(`train    ${line}`) });
    const tokenizer = await loadTokenizer(tokenizerFolder(runFolder));
    const model = initialModel(context, tokenizer);
    progress.log(`train    ${formatCount(countParameters(model.config))} parameters`);
    const loader = openLoader(context, tokenizer.vocabularySize);
    const result = await makeTrainer(context, model, loader).run();
    progress.done();
    model.dispose();
    if (result.stopped) stopIfAsked(context.signal);
    const losses = readStepRecords(runFolder).map(({ loss }) => loss ?? Number.NaN);
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
};

/** Checkpoints and metrics that were made from other inputs must not be gone on from. */
function discardOtherRuns(runFolder: string, key: string): void {
  const keyFile = join(checkpointsFolder(runFolder), 'inputs.sha256');
  if (existsSync(keyFile) && readFileSync(keyFile, 'utf8') === key) return;
  for (const left of ['checkpoints', 'metrics.jsonl', 'events.jsonl', 'tensorboard']) {
    rmSync(join(runFolder, left), { recursive: true, force: true });
  }
  writeFileAtomic(keyFile, key);
}

/** The model as it is before the first step. */
export function initialModel({ recipe }: StepContext, tokenizer: Tokenizer): SmolLM {
  const idOf = (token: string) => tokenizer.tokenToId(token) as number;
  const config = modelConfig(recipe, tokenizer.vocabularySize, idOf(END_OF_TEXT), idOf(PADDING));
  return SmolLM.initialize(config, { seed: recipe.seed });
}

/** The model as training left it, from the newest checkpoint. */
export async function loadFinalModel(context: StepContext): Promise<SmolLM> {
  const { runFolder, recipe } = context;
  const tokenizer = await loadTokenizer(tokenizerFolder(runFolder));
  const folder = checkpointsFolder(runFolder);
  const latest = readFileSync(join(folder, 'latest'), 'utf8').trim();
  const { tensors } = await readSafetensors(join(folder, latest, 'model.safetensors'));
  const values = new Map<string, ModelTensor>();
  for (const [name, tensor] of tensors) values.set(name, { shape: tensor.shape, data: toFloat32(tensor) });
  const idOf = (token: string) => tokenizer.tokenToId(token) as number;
  return SmolLM.fromTensors(modelConfig(recipe, tokenizer.vocabularySize, idOf(END_OF_TEXT), idOf(PADDING)), values);
}

function openLoader({ recipe, runFolder, progress }: StepContext, vocabularySize: number): BatchLoader {
  const { batchSize, sequenceLength, stages } = recipe.train;
  const names = new Set(stages.flatMap(({ mixture }) => Object.keys(mixture)));
  return new BatchLoader({
    sources: Object.fromEntries([...names].map((name) => [name, [TokenShard.open(shardPath(runFolder, name))]])),
    stages: stages.map(({ steps, mixture }) => ({ steps, mixture })),
    batchSize,
    sequenceLength,
    seed: recipe.seed,
    vocabularySize,
    onWarning: (message) => progress.log(`train    warning: ${message}`),
  });
}

function makeTrainer(context: StepContext, model: SmolLM, loader: BatchLoader): Trainer {
  const { recipe, runFolder, progress, signal } = context;
  const { train } = recipe;
  const totalSteps = train.stages.reduce((sum, { steps }) => sum + steps, 0);
  const { muon, adamw } = splitParameters(model.parameters);
  return new Trainer({
    model: { parameters: model.parameters, loss: (batch, options) => model.loss(batch, { ...options, zLoss: train.zLoss }) },
    optimizers: [
      new MuonClip(muon, { ...train.muon, headDimension: model.config.head_dim, threshold: train.qkClip }),
      new AdamW(adamw, train.adamw),
    ],
    loader,
    totalSteps,
    schedule: wsd({ totalSteps, warmupSteps: train.warmupSteps, decaySteps: train.decaySteps, decayShape: train.decayShape }),
    gradientClip: train.gradientClip,
    sinks: [
      progressSink((line) => progress.update(`train: ${line}`), { totalSteps }),
      jsonlSink(join(runFolder, 'metrics.jsonl')),
      eventLog(join(runFolder, 'events.jsonl')),
      tensorboardSink(join(runFolder, 'tensorboard')),
    ],
    checkpoint: { folder: checkpointsFolder(runFolder), every: train.checkpointEvery, keep: train.keepCheckpoints },
    bytesPerToken: bytesPerToken(context),
    signal,
    config: recipe,
  });
}

/** Bytes of text a token of the training sources stands for, on average. */
function bytesPerToken({ recipe, runFolder }: StepContext): number {
  const { sources } = readCompletion(runFolder, 'tokenize')?.summary as TokenizeSummary;
  const training = Object.entries(sources).filter(([name]) => name !== recipe.heldOut.source);
  const sum = (field: 'bytes' | 'tokens') => training.reduce((total, [, source]) => total + source[field], 0);
  return sum('bytes') / sum('tokens');
}
