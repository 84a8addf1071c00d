import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import { writeFailed, writeFileAtomic } from './atomic-write.ts';
import {
  findChangedFile,
  hash,
  listFiles,
  readCompletion,
  removeCompletion,
  writeCompletion,
  type Completion,
} from './completion.ts';
import { curateStep } from './curate.ts';
import { evaluateStep } from './evaluate.ts';
import { exportStep } from './export.ts';
import type { LoadedRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import { silentProgress, type Progress } from './progress.ts';
import { reportStep } from './report.ts';
import { lockRun } from './run-lock.ts';
import { sampleStep } from './sample.ts';
import { stopIfAsked, type Step, type StepContext, type StepName } from './step.ts';
import type { Summaries } from './summary.ts';
import { tokenizeStep } from './tokenize.ts';
import { discardTraining, trainStep } from './train.ts';

const steps: readonly Step[] = [sampleStep, curateStep, tokenizeStep, trainStep, evaluateStep, exportStep, reportStep];

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

/**
 * Runs a recipe: each step is skipped when its output is there and nothing it depends on changed, so a stopped run goes
 * on where it was, and a finished one costs nothing.
 *
 * @throws PretrainError with the code of what the user can mend; `STOPPED` after a clean stop
 */
export async function runRecipe(loaded: LoadedRecipe, options: RunOptions = {}): Promise<RunResult> {
  const { runs = 'runs', threads = Math.min(8, availableParallelism()) } = options;
  const { progress = silentProgress, signal = new AbortController().signal } = options;
  const context: StepContext = { ...loaded, runFolder: resolve(runs, loaded.recipe.name), threads, progress, signal };
  const unlock = lockRun(context.runFolder);
  try {
    return { runFolder: context.runFolder, summaries: await runSteps(context, options) };
  } catch (error) {
    const isStopped = error instanceof PretrainError && error.code === 'STOPPED';
    // With --from, the same command would throw away what has been saved.
    if (isStopped && options.from !== undefined)
      throw new PretrainError('STOPPED', 'stopped; the same command without --from goes on from here');
    throw error;
  } finally {
    progress.done();
    unlock();
  }
}

async function runSteps(context: StepContext, { from, only }: RunOptions): Promise<Summaries> {
  const { recipe, runFolder, progress } = context;
  const wanted = steps.filter(({ name }) => name !== 'sample' || recipe.sample !== undefined);
  checkStepNames(context, wanted, { from, only });
  if (from !== undefined) forgetFrom(runFolder, from);
  writeFileAtomic(join(runFolder, 'config.resolved.yaml'), stringify(recipe));
  const summaries: Record<string, unknown> = {};
  let key = '';
  for (const step of wanted) {
    key = hash([key, step.name, step.inputs(context)]);
    const known = step.name === only ? undefined : findCurrent(step, key, context);
    if (known !== undefined) {
      if (only === undefined) progress.finish(step.name, 'unchanged', step.describe(known.summary));
      summaries[step.name] = known.summary;
    } else if (only !== undefined && only !== step.name) {
      throw new PretrainError(
        'STEP_MISSING',
        `--only ${only} needs the step "${step.name}" to be complete and unchanged; run without --only first`,
      );
    } else {
      summaries[step.name] = await complete(step, context, key);
    }
    if (step.name === only) break;
  }
  return summaries;
}

function checkStepNames({ recipe }: StepContext, wanted: readonly Step[], { from, only }: RunOptions): void {
  const missing = [from, only].find((name) => name !== undefined && wanted.every((step) => step.name !== name));
  if (missing === undefined) return;
  throw new PretrainError('STEP_MISSING', `recipe "${recipe.name}" has no step "${missing}": it has no key "sample"`);
}

/** The record of a step that needs not be done again; its files are there, as long as they were. */
function findCurrent(step: Step, key: string, { runFolder, progress }: StepContext): Completion | undefined {
  const known = readCompletion(runFolder, step.name);
  if (known?.key !== key) return undefined;
  const changed = findChangedFile(runFolder, known);
  if (changed === undefined) return known;
  progress.log(step.name, `${changed} is gone or was changed: this step is done again`);
  forget(runFolder, step.name);
  return undefined;
}

async function complete(step: Step, context: StepContext, key: string): Promise<unknown> {
  const { runFolder, progress, signal } = context;
  const started = performance.now();
  stopIfAsked(signal);
  // From here on its files may be anything; only the new record vouches for them.
  removeCompletion(runFolder, step.name);
  const summary = await step.run(context, key).catch((error: unknown) => {
    throw withPlace(error, step, runFolder);
  });
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  const files = listFiles(runFolder, step.outputs);
  writeCompletion(runFolder, step.name, { key, seconds, summary, files });
  progress.finish(step.name, { seconds }, step.describe(summary));
  return summary;
}

/** What the system says of a full disk or a folder that must not be written to, with the step and the folder. */
function withPlace(error: unknown, { name }: Step, runFolder: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  const isAboutWriting = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EPERM', 'EIO'].includes(code ?? '');
  return isAboutWriting && syscall !== undefined ? writeFailed(`${runFolder} (step "${name}")`, error) : error;
}

/** Nothing of these steps is gone on from, not even what was half done. */
function forgetFrom(runFolder: string, from: StepName): void {
  const first = steps.findIndex(({ name }) => name === from);
  const later = steps.slice(first).map(({ name }) => name);
  for (const name of later) forget(runFolder, name);
  if (later.includes('curate')) rmSync(join(runFolder, 'filtered'), { recursive: true, force: true });
}

/** Training would go on from its last checkpoint, which may be its end. */
function forget(runFolder: string, name: StepName): void {
  removeCompletion(runFolder, name);
  if (name === 'train') discardTraining(runFolder);
}
