import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { canonicalJson } from './canonical-json.ts';
import { outputExtension } from './output-formats.ts';
import { OutputPath } from './output-path.ts';
import type { OutputOptions } from './output-path.ts';
import { PipelineError } from './pipeline-error.ts';
import type { PipelineProgress } from './progress.ts';

/** What is run, on what, and how. */
export interface PipelineOptions {
  /** Paths, or whatever else the reader understands. Their order is the order of the output. */
  readonly inputs: readonly string[];
  /** A module of plain JavaScript that exports `createSteps(options)`; it is imported inside each worker. */
  readonly stepsModule: URL | string;
  /** Given to `createSteps`: plain data. */
  readonly options?: unknown;
  /** Where everything goes; made when missing. */
  readonly outputFolder: string;
  /** Names and sizes of the files of kept documents. */
  readonly output?: OutputOptions;
  /** Whether documents that are left out are written to `removed/`. Default true. */
  readonly keepRemoved?: boolean;
  /** When a step throws: the task fails, naming the record (default), or the record is left out and counted as `record_error`. */
  readonly onRecordError?: 'abort' | 'drop';
  /** Change it when something that the steps use gives other results. */
  readonly version?: string;
  /** Inputs whose reader can split them are read in parts of about this many bytes, a task each; false: whole. Default 256 MiB. */
  readonly splitBytes?: number | false;
  /** After so many records of a task its output can be cut, and a killed task goes on there. Default 1000. */
  readonly checkpointRecords?: number;
  /** Least time between two checkpoints of a task. No result depends on it. Default 10. */
  readonly checkpointSeconds?: number;

  /** Worker threads. Default: as many as there are cores, but no more than tasks. */
  readonly workers?: number;
  /** Most memory of one worker's JavaScript heap, in MiB. Default: Node's. */
  readonly workerMegabytes?: number;
  /** Which of `worldSize` runs on the same folder this is: task t belongs to rank t mod worldSize. Default 0 of 1. */
  readonly rank?: number;
  readonly worldSize?: number;
  /** Only these tasks. */
  readonly tasks?: readonly number[];
  /** How often a task that fails is tried again, from its last checkpoint. Default 0. */
  readonly retries?: number;
  /**
   * What becomes of results that were made with other settings, steps or inputs: nothing, an error says what is
   * different (default); the tasks they belong to are done again; or all tasks are done again in any case.
   */
  readonly restart?: 'never' | 'if-changed' | 'always';
  /** Told now and then how far it is, and once at the end. */
  readonly onProgress?: (progress: PipelineProgress) => void;
  /** Stops the run cleanly: what is finished and the checkpoints stay, and the next run goes on there. */
  readonly signal?: AbortSignal;
  /** What a person types to run it again; kept in the folder. */
  readonly command?: string;
}

/** What an option is when it is not given. */
export const DEFAULTS = {
  keepRemoved: true,
  onRecordError: 'abort',
  splitBytes: 256 * 1024 * 1024,
  checkpointRecords: 1000,
  checkpointSeconds: 10,
  rank: 0,
  worldSize: 1,
  retries: 0,
  restart: 'never',
} as const;

/** The steps module's URL as text. */
export function moduleUrlOf(module: URL | string): string {
  return module instanceof URL ? module.href : module;
}

/** @throws PipelineError INVALID_ARGUMENT, FILE_NOT_FOUND */
export function checkOptions(options: PipelineOptions): void {
  checkNumbers(options);
  checkInputs(options.inputs);
  canonicalJson(options.options ?? null);
  outputExtension(new OutputPath(options.output ?? {}).template);
  checkModule(moduleUrlOf(options.stepsModule));
}

/** Options that are whole numbers, with the least each may be. */
const LEAST = { workers: 1, worldSize: 1, rank: 0, retries: 0, checkpointRecords: 1, splitBytes: 1 } as const;

function checkNumbers(options: PipelineOptions): void {
  for (const [name, least] of Object.entries(LEAST)) {
    const value = options[name as keyof typeof LEAST];
    if (value === undefined || value === false || (Number.isSafeInteger(value) && value >= least)) continue;
    throw invalid(`${name} must be an integer above ${least - 1}, got ${value}`);
  }
  const { rank = DEFAULTS.rank, worldSize = DEFAULTS.worldSize, checkpointSeconds = 0, output } = options;
  if (rank >= worldSize) throw invalid(`rank must be below worldSize ${worldSize}, got ${rank}`);
  if (!(checkpointSeconds >= 0)) throw invalid(`checkpointSeconds must be 0 or more, got ${checkpointSeconds}`);
  const { fileBytes = 1 } = output ?? {};
  if (!(Number.isSafeInteger(fileBytes) && fileBytes > 0))
    throw invalid(`output.fileBytes must be an integer above 0, got ${fileBytes}`);
}

function checkInputs(inputs: readonly string[]): void {
  if (inputs.length === 0) throw invalid('there are no inputs; did a pattern match no file?');
  const seen = new Set<string>();
  for (const input of inputs) {
    if (seen.has(input)) throw invalid(`the input ${input} is given twice`);
    seen.add(input);
  }
}

function checkModule(url: string): void {
  if (!URL.canParse(url)) {
    throw invalid(`stepsModule must be a URL, such as new URL('./steps.js', import.meta.url), got ${url}`);
  }
  if (url.startsWith('file:') && !existsSync(fileURLToPath(url))) {
    throw new PipelineError('FILE_NOT_FOUND', `there is no steps module ${url}`);
  }
}

function invalid(message: string): PipelineError {
  return new PipelineError('INVALID_ARGUMENT', message);
}
