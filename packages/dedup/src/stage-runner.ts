import { allocateClusterMemory } from './cluster-memory.ts';
import type { ClusterMemory } from './cluster-memory.ts';
import { summarizeClusters } from './cluster-summary.ts';
import type { ClusterDetails } from './cluster-summary.ts';
import { numberClusters, uniteInOrder } from './clustering-stage.ts';
import { writeDone } from './done-file.ts';
import { bytesOfPart } from './input-parts.ts';
import { joinedInputs } from './joining-stage.ts';
import { statusOf } from './output-names.ts';
import { NO_FACTS, factsOf } from './run-facts.ts';
import type { RunFacts } from './run-facts.ts';
import { checkClusteringMemory, stageMemory } from './stage-memory.ts';
import type { Stage, StageSettings, TaskResult } from './stage-settings.ts';
import { takeOver } from './stage-task.ts';
import type { StageTask, Step } from './stage-task.ts';
import { TaskPool } from './task-pool.ts';

/** How far a stage has got. */
export interface StageProgress {
  stage: Stage;
  /** bytes read (signatures, filtering, joining), records (matching) or tasks (clustering) so far, without what earlier runs did */
  done: number;
  /** how many there are in all for this run to do */
  total: number;
  unit: 'bytes' | 'records' | 'tasks';
}

/** What a stage will do and need, told before it starts. */
export interface StageStart {
  stage: Stage;
  /** tasks to do, without those that an earlier run did */
  tasks: number;
  threads: number;
  /** bytes of the whole process; lines over 1 MiB take about ten times their length besides */
  memory: number;
}

/** How stages are run; none of it changes what they write. */
export interface RunnerOptions {
  workers: number;
  /** bytes of the whole process */
  memory: number;
  onProgress?: (progress: StageProgress) => void;
  /** told before each stage what it will need */
  onStage?: (start: StageStart) => void;
  /** told of stage files that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

const sum = (amounts: readonly number[]) => amounts.reduce((total, amount) => total + amount, 0);
const tasksFor = (stage: StageTask['stage'], count: number): StageTask[] =>
  Array.from({ length: count }, (_, task) => ({ stage, task }));

/** Runs the stages of one run, one after the other, passing over what is done. */
export class StageRunner {
  readonly #options: RunnerOptions;
  readonly #settings: StageSettings;
  readonly #results = new Map<Stage, TaskResult[]>();
  readonly #pool: TaskPool;
  #facts: RunFacts = NO_FACTS;

  constructor(options: RunnerOptions, settings: StageSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#pool = new TaskPool(options.workers);
  }

  /** Ends the threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  results(stage: Stage): TaskResult[] {
    return this.#results.get(stage)!;
  }

  /** lines of its input before each part */
  get linesBefore(): readonly number[] {
    return this.#facts.linesBefore;
  }

  #tasksOf(stage: Stage): StageTask[] {
    const { parts, minHash } = this.#settings;
    if (stage === 'joining') return joinedInputs(this.#settings).map((task) => ({ stage, task }));
    return tasksFor(stage, stage === 'matching' ? minHash.bands : parts.length);
  }

  #takeOver(tasks: readonly StageTask[], results: TaskResult[]): StageTask[] {
    return takeOver(this.#settings.folder, tasks, results, this.#options.onDamage);
  }

  #progressOf(stage: Stage, tasks: readonly StageTask[]): Pick<StageProgress, 'total' | 'unit'> {
    const { inputs, minHash, parts } = this.#settings;
    if (stage === 'clustering') return { total: minHash.bands + parts.length + tasks.length, unit: 'tasks' };
    if (stage === 'matching') return { total: sum(this.#facts.documents) * tasks.length, unit: 'records' };
    if (stage === 'joining')
      return { total: sum(tasks.map(({ task }) => statusOf(inputs[task].path).bytes)), unit: 'bytes' };
    return { total: sum(tasks.map(({ task }) => bytesOfPart(inputs, parts[task]))), unit: 'bytes' };
  }

  #announce(stage: Stage, tasks: number): void {
    const { workers, memory: allowed, onStage } = this.#options;
    const threads = Math.max(1, Math.min(workers, tasks));
    const { taskBytes } = this.#settings;
    const needs = { stage, workers, taskBytes, documents: sum(this.#facts.documents) };
    const memory = stageMemory(needs);
    if (stage === 'clustering') checkClusteringMemory(needs, allowed);
    onStage?.({ stage, tasks, threads, memory });
  }

  async run(stage: Stage): Promise<void> {
    if (stage === 'clustering') return this.#cluster();
    const results: TaskResult[] = [];
    const tasks = this.#takeOver(this.#tasksOf(stage), results);
    const advance = this.#start(stage, tasks);
    const finish = ({ task }: StageTask, result: TaskResult) => {
      results[task] = result;
    };
    await this.#runTasks(tasks, null, finish, advance);
    this.#results.set(stage, results);
    if (stage === 'signatures') this.#facts = factsOf(this.#settings, results);
  }

  #start(stage: Stage, tasks: readonly StageTask[]): (amount: number) => void {
    this.#announce(stage, tasks.length);
    const progress: StageProgress = { stage, done: 0, ...this.#progressOf(stage, tasks) };
    return (amount) => {
      progress.done += amount;
      this.#options.onProgress?.({ ...progress });
    };
  }

  #runTasks(
    tasks: readonly StageTask[],
    memory: ClusterMemory | null,
    finish: (task: StageTask, result: TaskResult) => void,
    advance: (amount: number) => void,
  ): Promise<void> {
    const context = { command: 'minhash' as const, settings: this.#settings, facts: this.#facts, memory };
    return this.#pool.run(tasks, context, finish, advance);
  }

  /** Its last task is the summary, which needs all of the shared memory. */
  async #cluster(): Promise<void> {
    const { parts, folder } = this.#settings;
    await this.#pool.close(); // what signatures were sorted in is free for clusters
    const results: TaskResult[] = [];
    const tasks = this.#takeOver(tasksFor('clustering', parts.length + 1), results);
    if (tasks.length > 0) {
      const advance = this.#start('clustering', tasks);
      const memory = allocateClusterMemory(this.#facts.documents);
      await this.#unite(memory, advance);
      await this.#step('labelling', parts.length, memory, advance);
      const clusters = numberClusters(memory);
      const finish = ({ task }: StageTask, result: TaskResult) => {
        results[task] = result;
        advance(1);
      };
      await this.#runTasks(
        tasks.filter(({ task }) => task < parts.length),
        memory,
        finish,
        () => {},
      );
      results[parts.length] = summarizeClusters(this.#settings, this.#facts, memory, clusters);
      writeDone(folder, 'clustering', parts.length, results[parts.length]);
    }
    this.#results.set('clustering', results);
    const { representatives } = results[parts.length].details as ClusterDetails;
    this.#facts = { ...this.#facts, largest: representatives };
  }

  async #unite(memory: ClusterMemory, advance: (amount: number) => void): Promise<void> {
    const { representative, minHash } = this.#settings;
    if (representative === 'first') return this.#step('uniting', minHash.bands, memory, advance);
    uniteInOrder(this.#settings, memory);
    advance(minHash.bands);
  }

  #step(step: Step, count: number, memory: ClusterMemory, advance: (amount: number) => void): Promise<void> {
    return this.#runTasks(tasksFor(step, count), memory, () => {}, advance);
  }
}
