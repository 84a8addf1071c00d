import { existsSync, statfsSync } from 'node:fs';
import { freemem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { countParameters, flopsPerToken, type ModelConfig } from '@smol/model';
import { filesMatching } from '../find-inputs.ts';
import type { LoadedRecipe } from '../load-recipe.ts';
import { rowsAt, stageTokens, totalStepsOf } from '../make-schedule.ts';
import { modelConfig, stageRopeThetas } from '../model-config.ts';
import type { TrainRecipe } from '../train-schema.ts';
import { objectiveFindings } from './plan-objectives.ts';
import { estimateMemory, optimizerBytes, type MemoryEstimate } from './estimate-memory.ts';

/** One stage of a plan. */
export interface PlannedStage {
  name: string;
  steps: number;
  sequenceLength: number;
  /** base of the rotary embedding */
  ropeTheta: number;
  tokens: number;
  flops: number;
  /** shares of the mixture; they sum to 1 */
  mixture: Record<string, number>;
}

/** What stands in the way of a run, or should be known before it. */
export interface Finding {
  /** `problem`: the run would fail; `note`: worth knowing */
  kind: 'problem' | 'note';
  message: string;
}

/** Everything about a run that can be known before its first step. */
export interface Plan {
  name: string;
  parameters: number;
  config: ModelConfig;
  stages: PlannedStage[];
  steps: number;
  tokens: number;
  /** floating-point operations of training */
  flops: number;
  /** tokens of a batch in the first and the last step */
  batchTokens: [first: number, last: number];
  memory: MemoryEstimate;
  /** bytes */
  disk: { shards: number; checkpoints: number };
  /** with `hardware` in the recipe */
  hours?: number;
  findings: Finding[];
}

/** Special tokens come after the 256 bytes; which ids they get does not matter to a plan. */
const anyToken = 0;

/** Plans a recipe: nothing is written, nothing is trained. */
export function makePlan({ recipe, folder }: LoadedRecipe, runs = 'runs'): Plan {
  const { train, tokenizer, hardware } = recipe;
  const config = modelConfig(recipe, tokenizer.vocabularySize, anyToken, anyToken);
  const stages = planStages(recipe, config);
  const sum = (key: 'tokens' | 'flops') => stages.reduce((total, stage) => total + stage[key], 0);
  const memory = estimateMemory(config, train, {
    tokens: largestMicroBatch(train),
    share: hardware?.tensorParallel ?? 1,
  });
  const disk = estimateDisk(config, train, sum('tokens'));
  const plan: Plan = {
    name: recipe.name,
    parameters: countParameters(config),
    config,
    stages,
    steps: totalStepsOf(train),
    tokens: sum('tokens'),
    flops: sum('flops'),
    batchTokens: batchTokens(train),
    memory,
    disk,
    ...(hardware && {
      hours: sum('flops') / (hardware.devices * hardware.teraflops * 1e12 * hardware.utilization) / 3600,
    }),
    findings: [],
  };
  plan.findings = [
    ...fileFindings(recipe, folder, runs),
    ...objectiveFindings(recipe, folder, resolve(runs, recipe.name)),
    ...memoryFindings(plan, hardware?.memoryGiB),
    ...diskFindings(plan, runs),
    ...vocabularyFindings(plan),
    ...mixtureFindings(train),
  ];
  return plan;
}

function planStages(recipe: LoadedRecipe['recipe'], config: ModelConfig): PlannedStage[] {
  const { train } = recipe;
  const tokens = stageTokens(train);
  const thetas = stageRopeThetas(recipe);
  return train.stages.map(({ name, steps, mixture, sequenceLength = train.sequenceLength }, index) => {
    const total = Object.values(mixture).reduce((sum, weight) => sum + weight, 0);
    const shares = Object.entries(mixture).map(([source, weight]) => [source, weight / total] as const);
    const flops = tokens[index] * flopsPerToken(config, sequenceLength);
    const ropeTheta = thetas[index];
    return {
      name,
      steps,
      sequenceLength,
      ropeTheta,
      tokens: tokens[index],
      flops,
      mixture: Object.fromEntries(shares),
    };
  });
}

function batchTokens(train: TrainRecipe): [number, number] {
  const last = train.stages.at(-1)?.sequenceLength ?? train.sequenceLength;
  const first = train.stages[0].sequenceLength ?? train.sequenceLength;
  return [rowsAt(train, 0) * first, rowsAt(train, totalStepsOf(train) - 1) * last];
}

/** Tokens that are in memory at once. */
function largestMicroBatch(train: TrainRecipe): number {
  let start = 0;
  const sizes = train.stages.map(({ steps, sequenceLength = train.sequenceLength }) => {
    start += steps;
    return (train.microBatchRows ?? rowsAt(train, start - 1)) * sequenceLength;
  });
  return Math.max(...sizes);
}

/** Shards hold each token once (more tokens than there are come from epochs); one checkpoint more while it is written. */
function estimateDisk(config: ModelConfig, train: TrainRecipe, tokens: number): Plan['disk'] {
  const checkpoint = 4 * countParameters(config) + optimizerBytes(config, train);
  const shards = tokens * (config.vocab_size <= 65_536 ? 2 : 4);
  return { shards, checkpoints: checkpoint * (train.keepCheckpoints + 2) };
}

function fileFindings(recipe: LoadedRecipe['recipe'], folder: string, runs: string): Finding[] {
  const runFolder = resolve(runs, recipe.name);
  const missing = Object.entries(recipe.sources).filter(([, { paths }]) => {
    const own = paths.filter((path) => recipe.sample === undefined || !path.startsWith('$RUN/'));
    return own.some((path) => filesMatching(path, { folder, runFolder }).length === 0);
  });
  const from = [recipe.model.from, recipe.tokenizer.from].filter((path) => path !== undefined);
  const gone = from.map((path) => resolve(folder, path)).filter((path) => !existsSync(path));
  const findings: Finding[] = [...new Set(gone)].map((path) => ({ kind: 'problem', message: `${path} is not there` }));
  if (missing.length === 0) return findings;
  const names = missing.map(([name]) => name);
  const shown = names.slice(0, 4).join(', ') + (names.length > 4 ? `, … (${names.length} sources)` : '');
  const example = missing[0][1].paths[0];
  return [
    ...findings,
    { kind: 'problem', message: `no input files for ${shown}; the first pattern is ${example}, relative to ${folder}` },
  ];
}

function memoryFindings({ memory }: Plan, memoryGiB: number | undefined): Finding[] {
  const available = memoryGiB === undefined ? freemem() : memoryGiB * 2 ** 30;
  if (memory.total <= available) return [];
  const where = memoryGiB === undefined ? 'this machine has free' : 'a device has';
  const message = `training needs about ${gib(memory.total)} of memory, ${where} ${gib(available)}; give train.microBatchRows, or a smaller model`;
  return [{ kind: 'problem', message }];
}

function diskFindings({ disk }: Plan, runs: string): Finding[] {
  const needed = disk.shards + disk.checkpoints;
  const { bavail, bsize } = statfsSync(nearestExisting(resolve(runs)));
  if (needed <= bavail * bsize) return [];
  const message = `the run writes up to ${gib(needed)}, ${resolve(runs)} has ${gib(bavail * bsize)} free; keep fewer checkpoints, or use --runs on another disk`;
  return [{ kind: 'problem', message }];
}

function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path));
}

/** A table of tokens that outweighs the layers learns slowly and costs most of the memory. */
function vocabularyFindings({ config, parameters, tokens }: Plan): Finding[] {
  const share = (config.vocab_size * config.hidden_size) / parameters;
  const findings: Finding[] = [];
  if (share > 0.5) {
    const message = `the token table is ${Math.round(100 * share)} % of the model: a smaller vocabulary would leave more for its layers`;
    findings.push({ kind: 'note', message });
  }
  const perParameter = tokens / parameters;
  if (perParameter < 10) {
    findings.push({
      kind: 'note',
      message: `${perParameter.toFixed(1)} tokens a parameter: below the 20 that make the best of the compute (Chinchilla)`,
    });
  }
  return findings;
}

function mixtureFindings({ stages }: TrainRecipe): Finding[] {
  return stages.flatMap(({ name, mixture }): Finding[] => {
    const sum = Object.values(mixture).reduce((total, weight) => total + weight, 0);
    if (Math.abs(sum - 1) < 1e-6) return [];
    return [
      {
        kind: 'note',
        message: `the mixture of stage "${name}" sums to ${Number(sum.toPrecision(6))}; its weights are normalised`,
      },
    ];
  });
}

/** Bytes for people. */
export function gib(bytes: number): string {
  if (bytes >= 2 ** 40) return `${(bytes / 2 ** 40).toFixed(1)} TiB`;
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
