import type { LiveCounters } from './live-counters.ts';
import type { PlannedTask } from './plan.ts';

/** How far a run is. Rates and times are of this run only, not of what it found finished. */
export interface PipelineProgress {
  /** Records read and documents kept so far in this run. */
  documents: number;
  kept: number;
  /** Bytes of the inputs that have been read, as far as the reader tells, and of all inputs of this rank. */
  bytes: number;
  totalBytes: number;
  documentsPerSecond: number;
  bytesPerSecond: number;
  /** Tasks of this rank: finished, failed as often as they may, and all. */
  tasksDone: number;
  tasksFailed: number;
  tasks: number;
  /** Share of the whole work that is done, in [0, 1]. */
  share: number;
  /** Expected time left; unknown at first. */
  secondsLeft: number | undefined;
}

/** A task that is being worked on. */
export interface RunningTask {
  readonly task: number;
  readonly input: string;
  readonly read: number;
  readonly kept: number;
}

type TaskState = 'done' | 'failed';

/** Makes progress reports out of live counters. */
export class ProgressMeter {
  readonly #live: LiveCounters;
  readonly #tasks: readonly PlannedTask[];
  readonly #states = new Map<number, TaskState>();
  readonly #found: ReadonlySet<number>;
  readonly #sizes: readonly number[];
  readonly #start = performance.now();

  /**
   * @param tasks of this rank
   * @param found which were finished before
   */
  constructor(live: LiveCounters, tasks: readonly PlannedTask[], found: ReadonlySet<number>) {
    this.#live = live;
    this.#tasks = tasks;
    const sizes = tasks.map(({ bytes }) => bytes);
    // Inputs that are no files count alike.
    this.#sizes = sizes.every((size) => size === 0) ? sizes.map(() => 1) : sizes;
    this.#found = found;
    for (const task of found) this.#states.set(task, 'done');
  }

  set(task: number, state: TaskState): void {
    this.#states.set(task, state);
  }

  read(): PipelineProgress {
    const seconds = Math.max((performance.now() - this.#start) / 1000, 1e-3);
    const sum = { documents: 0, kept: 0, reached: 0, fresh: 0, total: 0 };
    this.#sizes.forEach((size, index) => {
      const { task } = this.#tasks[index];
      const { read, kept, bytes, bytesBefore } = this.#live.get(task);
      const reached = this.#states.get(task) === 'done' ? size : Math.min(bytes, size);
      sum.documents += read;
      sum.kept += kept;
      sum.reached += reached;
      sum.total += size;
      if (!this.#found.has(task)) sum.fresh += Math.max(0, reached - bytesBefore);
    });
    return {
      documents: sum.documents,
      kept: sum.kept,
      bytes: sum.reached,
      totalBytes: sum.total,
      documentsPerSecond: sum.documents / seconds,
      bytesPerSecond: sum.fresh / seconds,
      tasksDone: this.#count('done'),
      tasksFailed: this.#count('failed'),
      tasks: this.#tasks.length,
      share: sum.total === 0 ? 1 : sum.reached / sum.total,
      secondsLeft: sum.fresh > 0 ? ((sum.total - sum.reached) / sum.fresh) * seconds : undefined,
    };
  }

  /** The tasks that workers are at. */
  running(): RunningTask[] {
    return this.#tasks.flatMap(({ task, input }) => {
      const { read, kept } = this.#live.get(task);
      return !this.#states.has(task) && read > 0 ? [{ task, input, read, kept }] : [];
    });
  }

  #count(state: TaskState): number {
    return [...this.#states.values()].filter((value) => value === state).length;
  }
}
