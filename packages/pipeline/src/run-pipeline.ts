import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { writeFileAtomically } from './atomic-file.ts';
import { canonicalJson } from './canonical-json.ts';
import { inputBytes, readCompleted, readStats, shardKey } from './completion.ts';
import { LiveCounters } from './live-counters.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { ProgressMeter } from './progress.ts';
import type { PipelineProgress } from './progress.ts';
import { makeReport } from './report.ts';
import type { PipelineReport } from './report.ts';
import type { ShardTask } from './run-shard.ts';
import { ShardFiles } from './shard-files.ts';
import { WorkerPool } from './worker-pool.ts';
import type { StepsSource } from './worker.ts';

/** What is run, on what, and how. */
export interface PipelineOptions {
  /** One shard each: paths, or whatever else the reader understands. Their order is the order of the output. */
  readonly inputs: readonly string[];
  /** A module of plain JavaScript that exports `createSteps(options)`; it is imported inside each worker. */
  readonly stepsModule: URL | string;
  /** Given to `createSteps`: plain data. */
  readonly options?: unknown;
  /** Where everything goes; made when missing. */
  readonly outputFolder: string;
  /** Worker threads. Default: as many as there are cores, but no more than shards. */
  readonly workers?: number;
  /** Most memory of one worker's JavaScript heap, in MiB. Default: Node's. */
  readonly workerMegabytes?: number;
  /** Whether documents that are left out are written to `removed/`. Default true. */
  readonly keepRemoved?: boolean;
  /** When a step throws: stop, naming the record (default), or leave the record out and count it as `record_error`. */
  readonly onRecordError?: 'abort' | 'drop';
  /** Change it when something that the steps use gives other results: finished shards are then done again. */
  readonly version?: string;
  /** Told now and then how far it is, and once at the end. */
  readonly onProgress?: (progress: PipelineProgress) => void;
  /** Stops the run cleanly: finished shards stay, and the next run goes on after them. */
  readonly signal?: AbortSignal;
}

const PROGRESS_MILLISECONDS = 250;

/**
 * Runs every input through the steps, on worker threads, and writes `documents/`, `removed/`, `stats/`, `completions/` and
 * `report.json` into the output folder. Shards that an earlier run has finished under the same key (input, steps
 * module, options, versions) are not done again. The files are the same for any number of workers and interruptions.
 *
 * @throws PipelineError of any code; finished shards stay
 */
export async function runPipeline(options: PipelineOptions): Promise<PipelineReport> {
  checkOptions(options);
  const files = new ShardFiles(options.outputFolder);
  makeFolder(options.outputFolder);
  const live = new LiveCounters(options.inputs.length);
  const source: StepsSource = { moduleUrl: moduleUrlOf(options.stepsModule), options: options.options };
  const pool = new WorkerPool(workerCount(options), options.workerMegabytes);
  try {
    const tasks = await planTasks(options, pool, source);
    const found = tasks.map(({ shard, key }) => readCompleted(files, shard, key) !== undefined);
    files.removeFrom(tasks.length);
    const meter = new ProgressMeter(live, options.inputs.map(inputBytes), found);
    await withProgress(meter, options, () =>
      runTasks(
        tasks.filter((_, shard) => !found[shard]),
        { pool, source, live, meter, options },
      ),
    );
    return writeReport(files, tasks.length);
  } finally {
    await pool.close();
  }
}

/** One task for each input, under the key of all its results depend on. */
async function planTasks(options: PipelineOptions, pool: WorkerPool, source: StepsSource): Promise<ShardTask[]> {
  const { outputFolder, keepRemoved = true, onRecordError = 'abort', version = '' } = options;
  const steps = await pool.describe(source);
  const settings = { keepRemoved, onRecordError, version };
  return options.inputs.map((input, shard) => {
    const key = shardKey({ input, ...source, steps, settings });
    return { shard, input, key, outputFolder, keepRemoved, onRecordError };
  });
}

interface Run {
  readonly pool: WorkerPool;
  readonly source: StepsSource;
  readonly live: LiveCounters;
  readonly meter: ProgressMeter;
  readonly options: PipelineOptions;
}

/** Runs all tasks; after the first failure, or when asked to stop, no other begins and those under way stop. */
async function runTasks(tasks: readonly ShardTask[], { pool, source, live, meter, options }: Run): Promise<void> {
  const stop = () => {
    live.stop();
    pool.closeSoon();
  };
  if (options.signal?.aborted) stop();
  options.signal?.addEventListener('abort', stop);
  let failure: unknown;
  const run = async (shard: ShardTask) => {
    try {
      await pool.run({ source, shard, memory: live.memory });
      meter.finish(shard.shard);
    } catch (error) {
      failure ??= error;
      live.stop();
    }
  };
  await Promise.all(tasks.map(run));
  options.signal?.removeEventListener('abort', stop);
  if (options.signal?.aborted && failure !== undefined) throw stoppedError(meter, options);
  if (failure !== undefined) throw failure;
}

function stoppedError(meter: ProgressMeter, { signal, outputFolder }: PipelineOptions): PipelineError {
  const { shardsDone, shards } = meter.read();
  const message = `stopped: ${shardsDone} of ${shards} shards are finished in ${outputFolder}; run the same again to go on`;
  return new PipelineError('STOPPED', message, { cause: signal?.reason });
}

async function withProgress(
  meter: ProgressMeter,
  { onProgress }: PipelineOptions,
  work: () => Promise<void>,
): Promise<void> {
  const timer = onProgress && setInterval(() => onProgress(meter.read()), PROGRESS_MILLISECONDS);
  try {
    await work();
    onProgress?.(meter.read());
  } finally {
    clearInterval(timer);
  }
}

function writeReport(files: ShardFiles, shardCount: number): PipelineReport {
  const shards = Array.from({ length: shardCount }, (_, shard) => shard);
  const report = makeReport(
    shards.map((shard) => readStats(files, shard)),
    shards.map((shard) => files.documents(shard)),
  );
  writeFileAtomically(files.report, `${JSON.stringify(report, null, 2)}\n`);
  return report;
}

function workerCount({ workers, inputs }: PipelineOptions): number {
  return Math.max(1, Math.min(workers ?? availableParallelism(), inputs.length));
}

function moduleUrlOf(module: URL | string): string {
  return module instanceof URL ? module.href : module;
}

function checkOptions({ inputs, workers, options, stepsModule }: PipelineOptions): void {
  if (workers !== undefined && !(Number.isSafeInteger(workers) && workers > 0)) {
    throw new PipelineError('INVALID_ARGUMENT', `workers must be an integer above 0, got ${workers}`);
  }
  if (inputs.length === 0)
    throw new PipelineError('INVALID_ARGUMENT', 'there are no inputs; did a pattern match no file?');
  if (new Set(inputs).size < inputs.length) {
    const twice = inputs.find((input, index) => inputs.indexOf(input) !== index);
    throw new PipelineError('INVALID_ARGUMENT', `the input ${twice} is given twice`);
  }
  canonicalJson(options ?? null);
  const url = moduleUrlOf(stepsModule);
  if (!URL.canParse(url)) {
    throw new PipelineError(
      'INVALID_ARGUMENT',
      `stepsModule must be a URL, such as new URL('./steps.js', import.meta.url), got ${url}`,
    );
  }
  if (url.startsWith('file:') && !existsSync(fileURLToPath(url))) {
    throw new PipelineError('FILE_NOT_FOUND', `there is no steps module ${url}`);
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new PipelineError('WRITE_FAILED', `cannot make the folder ${folder}: ${messageOf(cause)}`, { cause });
  }
}
