import { clusteringBytes } from './clustering-stage.ts';
import { DedupError } from './dedup-error.ts';
import { statusOf } from './output-names.ts';
import type { Stage, StageSettings, TaskResult } from './stage-settings.ts';
import { readTaskResult } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';
import { runTasks } from './task-pool.ts';

/** How far a stage has got. */
export interface StageProgress {
  stage: Stage;
  /** bytes read (signatures, filtering), records (matching) or bands (clustering) so far, without what earlier runs did */
  done: number;
  /** how many there are in all for this run to do */
  total: number;
  unit: 'bytes' | 'records' | 'bands';
}

/** How stages are run; none of it changes what they write. */
export interface RunnerOptions {
  workers: number;
  /** bytes for buffers */
  memory: number;
  onProgress?: (progress: StageProgress) => void;
  /** told of stage files that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

/** Runs the stages of one run, one after the other, passing over what is done. */
export class StageRunner {
  readonly #options: RunnerOptions;
  readonly #settings: StageSettings;
  readonly #results = new Map<Stage, TaskResult[]>();

  constructor(options: RunnerOptions, settings: StageSettings) {
    this.#options = options;
    this.#settings = settings;
  }

  results(stage: Stage): TaskResult[] {
    return this.#results.get(stage)!;
  }

  get #documents(): number[] {
    return this.#results.get('signatures')?.map(({ counts }) => counts.documents) ?? [];
  }

  #tasksOf(stage: Stage): StageTask[] {
    const { inputs, minHash } = this.#settings;
    const count = { signatures: inputs.length, matching: minHash.bands, clustering: 1, filtering: inputs.length }[
      stage
    ];
    return Array.from({ length: count }, (_, task) => ({ stage, task, documents: this.#documents }));
  }

  /** Takes over what earlier runs have done, and tells what has to be done again. */
  #takeOver(tasks: readonly StageTask[], results: TaskResult[]): StageTask[] {
    return tasks.filter(({ stage, task }) => {
      const known = readTaskResult(this.#settings.folder, stage, task);
      if (known === null) return true;
      if ('damage' in known) {
        this.#options.onDamage?.(known.damage);
        return true;
      }
      results[task] = known;
      return false;
    });
  }

  #progressOf(stage: Stage, tasks: readonly StageTask[]): Pick<StageProgress, 'total' | 'unit'> {
    const { inputs, minHash } = this.#settings;
    const sum = (amounts: number[]) => amounts.reduce((total, amount) => total + amount, 0);
    if (stage === 'clustering') return { total: minHash.bands, unit: 'bands' };
    if (stage === 'matching') return { total: sum(this.#documents) * tasks.length, unit: 'records' };
    return { total: sum(tasks.map(({ task }) => statusOf(inputs[task].path).bytes)), unit: 'bytes' };
  }

  #checkMemory(): void {
    const { memory } = this.#options;
    const documents = this.#documents.reduce((total, count) => total + count, 0);
    const needed = clusteringBytes(documents);
    if (needed <= memory) return;
    const message = `clustering ${documents} documents takes ${needed} bytes, ${memory} are allowed; set memory to that much and run again`;
    throw new DedupError('OUT_OF_MEMORY', message);
  }

  async run(stage: Stage): Promise<void> {
    if (stage === 'clustering') this.#checkMemory();
    const results: TaskResult[] = [];
    const tasks = this.#takeOver(this.#tasksOf(stage), results);
    const progress: StageProgress = { stage, done: 0, ...this.#progressOf(stage, tasks) };
    const advance = (amount: number) => {
      progress.done += amount;
      this.#options.onProgress?.({ ...progress });
    };
    const finish = ({ task }: StageTask, result: TaskResult) => {
      results[task] = result;
    };
    await runTasks(tasks, this.#settings, this.#options.workers, finish, advance);
    this.#results.set(stage, results);
  }
}
