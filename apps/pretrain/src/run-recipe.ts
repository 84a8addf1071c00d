import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { writeFileAtomic } from './atomic-write.ts';
import type { LoadedRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import { formatDuration, type Progress } from './progress.ts';
import { curateStep } from './curate.ts';
import { evaluateStep } from './evaluate.ts';
import { exportStep } from './export.ts';
import { reportStep } from './report.ts';
import { sampleStep } from './sample.ts';
import type { Summaries } from './summary.ts';
import { type Step, type StepContext, type StepName } from './step.ts';
import { tokenizeStep } from './tokenize.ts';
import { trainStep } from './train.ts';

const steps: readonly Step[] = [sampleStep, curateStep, tokenizeStep, trainStep, evaluateStep, exportStep, reportStep];

/** What a finished step leaves in `steps/NAME.json`. */
interface Completion {
  key: string;
  seconds: number;
  summary: unknown;
}

export interface RunOptions {
  /** Folder of all runs. Default `runs`. */
  runs?: string;
  /** Data workers and engine threads. Default: the processors, at most 8. Results do not depend on it. */
  threads?: number;
  /** Default: silence. */
  progress?: Progress;
  /** Stops the run cleanly; it can be gone on with. */
  signal?: AbortSignal;
  /** Do this step and the later ones again, even if nothing changed. */
  from?: StepName;
  /** Do this step alone; the ones before it must be complete. */
  only?: StepName;
}

/** What a run left behind. */
export interface RunResult {
  /** Absolute path. */
  runFolder: string;
  /** What each step has to say of itself. */
  summaries: Summaries;
}

const silence: Progress = { log: () => {}, update: () => {}, done: () => {} };

/**
 * Runs a recipe: each step is skipped when its output is there and nothing it depends on changed, so a stopped run goes
 * on where it was, and a finished one costs nothing.
 *
 * @throws PretrainError with the code of what the user can mend; `STOPPED` after a clean stop
 */
export async function runRecipe(loaded: LoadedRecipe, options: RunOptions = {}): Promise<RunResult> {
  const { runs = 'runs', threads = Math.min(8, availableParallelism()), progress = silence, signal = new AbortController().signal } = options;
  const runFolder = resolve(runs, loaded.recipe.name);
  const context: StepContext = { ...loaded, runFolder, threads, progress, signal };
  mkdirSync(join(runFolder, 'steps'), { recursive: true });
  writeFileAtomic(join(runFolder, 'config.resolved.yaml'), stringify(loaded.recipe));
  if (options.from !== undefined) forget(runFolder, options.from);
  const summaries: Record<string, unknown> = {};
  let key = '';
  for (const step of steps) {
    if (step.name === 'sample' && loaded.recipe.sample === undefined) continue;
    key = hash([key, step.name, step.inputs(context)]);
    const known = readCompletion(runFolder, step.name);
    const current = known?.key === key;
    if (options.only !== undefined && options.only !== step.name) {
      if (!current) {
        throw new PretrainError(
          'STEP_MISSING',
          `--only ${options.only} needs the step "${step.name}" to be complete and unchanged; run without --only first`,
        );
      }
      summaries[step.name] = known.summary;
      continue;
    }
    if (current && options.only === undefined) {
      progress.log(`${step.name.padEnd(8)} unchanged, skipped`);
      summaries[step.name] = known.summary;
      continue;
    }
    summaries[step.name] = await complete(step, context, key);
    if (options.only !== undefined) break;
  }
  return { runFolder, summaries };
}

async function complete(step: Step, context: StepContext, key: string): Promise<unknown> {
  const started = performance.now();
  stopIfAsked(context.signal);
  const summary = await step.run(context, key);
  const seconds = (performance.now() - started) / 1000;
  context.progress.done();
  const completion: Completion = { key, seconds: Number(seconds.toFixed(1)), summary };
  writeFileAtomic(completionPath(context.runFolder, step.name), `${JSON.stringify(completion, null, 2)}\n`);
  context.progress.log(`${step.name.padEnd(8)} done in ${formatDuration(seconds)}`);
  return summary;
}

/** Throws PretrainError `STOPPED` when the user asked to stop. */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new PretrainError('STOPPED', 'stopped; the same command goes on from here');
}

const completionPath = (runFolder: string, name: StepName) => join(runFolder, 'steps', `${name}.json`);

/** The completion record of a step, or undefined when it never finished. */
export function readCompletion(runFolder: string, name: StepName): Completion | undefined {
  const path = completionPath(runFolder, name);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Completion) : undefined;
}

function forget(runFolder: string, from: StepName): void {
  const first = steps.findIndex((step) => step.name === from);
  for (const step of steps.slice(first)) rmSync(completionPath(runFolder, step.name), { force: true });
  if (first <= steps.findIndex((step) => step.name === 'train')) {
    rmSync(join(runFolder, 'checkpoints'), { recursive: true, force: true });
  }
}

/** SHA-256 of JSON-able data. */
export function hash(data: unknown): string {
  return createHash('sha256').update(JSON.stringify(data)).digest('hex');
}
