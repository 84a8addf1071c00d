import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { NEXT_TOKEN, type StepRecord } from '@smol/train';
import { stringify } from 'yaml';
import { writeFileAtomic } from './atomic-write.ts';
import { readCompletion } from './completion.ts';
import type { CurateSummary } from './curate.ts';
import type { EvaluateSummary } from './evaluate.ts';
import { formatCount } from './format.ts';
import { reportPage, type FunnelRow, type ReportData } from './report/report-page.ts';
import type { Step, StepContext } from './step.ts';
import { lossOnData, readStepRecords } from './step-records.ts';
import type { TokenizeSummary } from './tokenize.ts';
import type { TrainSummary } from './train.ts';

export interface ReportSummary {
  /** Inside the run folder. */
  path: string;
}

/** Draws the run: curves, the funnel of documents, samples, all in one file. */
export const reportStep: Step<ReportSummary> = {
  name: 'report',
  outputs: ['report.html'],
  inputs: () => ['version 1'],
  async run(context) {
    const path = join(context.runFolder, 'report.html');
    writeFileAtomic(path, reportPage(collect(context), readAssets()));
    return { path: 'report.html' };
  },
  describe: ({ path }) => `${path}, with curves, funnel and samples`,
};

/** uPlot's script and style sheet, to be put inside the page. */
function readAssets(): { script: string; style: string } {
  const folder = dirname(createRequire(import.meta.url).resolve('uplot/package.json'));
  const read = (file: string) => readFileSync(join(folder, 'dist', file), 'utf8');
  return { script: read('uPlot.iife.min.js'), style: read('uPlot.min.css') };
}

function collect({ recipe, runFolder }: StepContext): ReportData {
  const summaryOf = <T>(name: Parameters<typeof readCompletion>[1]) => readCompletion(runFolder, name)?.summary as T;
  const curate = summaryOf<CurateSummary>('curate');
  const tokenize = summaryOf<TokenizeSummary>('tokenize');
  const train = summaryOf<TrainSummary>('train');
  const evaluation = summaryOf<EvaluateSummary>('evaluate');
  const records = readStepRecords(runFolder);
  return {
    name: recipe.name,
    headline: [
      [evaluation.after.toFixed(3), `held-out bits per byte (from ${evaluation.before.toFixed(3)})`],
      [formatCount(train.parameters), 'parameters'],
      [formatCount(train.tokens), 'tokens trained on'],
      [`${formatCount(curate.kept)} of ${formatCount(curate.read)}`, 'documents kept'],
      [train.lastLoss.toFixed(3), 'training loss, nats a token'],
    ],
    steps: records.map(({ step }) => step),
    curves: curvesOf(records),
    stages: stageStarts(recipe.train.stages),
    funnel: funnelOf(curate),
    documentsIn: curate.read,
    comparison: [
      [`${recipe.name}, after training`, evaluation.after],
      ['brotli, quality 11', evaluation.brotli],
      ['gzip -9', evaluation.gzip],
      [`${recipe.name}, before training`, evaluation.before],
    ],
    sources: Object.entries(tokenize.sources).map(([name, { documents, tokens, bytes }]) => [
      name,
      documents,
      tokens,
      bytes / Math.max(1, tokens),
      train.sourceShares[name] ?? 0,
    ]),
    samples: evaluation.samples,
    config: stringify(recipe),
  };
}

function curvesOf(records: readonly StepRecord[]): ReportData['curves'] {
  return [
    { title: 'Loss', unit: 'nats a token', values: records.map(lossOnData) },
    ...partCurves(records),
    {
      title: 'Learning rate',
      unit: 'share of its peak',
      values: records.map(({ learningRateScale }) => learningRateScale),
    },
    {
      title: 'Gradient norm',
      unit: 'before clipping',
      values: records.map(({ gradientNorm }) => gradientNorm),
      logarithmic: true,
    },
    { title: 'Largest attention logit', unit: 'any head', values: records.map(({ maxLogit }) => maxLogit ?? null) },
    {
      title: 'Throughput',
      unit: 'tokens a second',
      values: records.map(({ timing }) => timing.tokensPerSecond ?? null),
    },
  ];
}

/** What a run learned beside the next token: a teacher, heads that look further, hidden states. */
function partCurves(records: readonly StepRecord[]): ReportData['curves'] {
  const names = new Set(records.flatMap(({ parts = {} }) => Object.keys(parts)));
  names.delete(NEXT_TOKEN);
  return [...names].map((name) => ({
    title: `Loss: ${name}`,
    unit: 'mean over the batch',
    values: records.map(({ parts }) => parts?.[name] ?? null),
  }));
}

/** The first step of each stage but the first. */
function stageStarts(stages: readonly { name: string; steps: number }[]): ReportData['stages'] {
  let step = 1;
  const starts = stages.map(({ name, steps }) => {
    const start = { step, name };
    step += steps;
    return start;
  });
  return starts.slice(1);
}

function funnelOf({ dropped, kept }: CurateSummary): FunnelRow[] {
  return [
    ...dropped.map((row) => ({ ...row, kept: false })),
    { step: 'kept', reason: 'curated documents', documents: kept, kept: true },
  ];
}
