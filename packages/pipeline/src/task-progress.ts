import { writeCheckpoint } from './checkpoint.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { Document, Drop, Step } from './document.ts';
import type { Counts } from './step-counts.ts';
import { StepRunner } from './step-runner.ts';
import type { RemovedDocument } from './step-runner.ts';
import type { Task } from './task.ts';
import { removeFile } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';
import { TaskOutput } from './task-output.ts';

/**
 * A task under way: its steps, its files, and how far it is. After every `checkpointRecords` records its files are
 * flushed, so that where they can be cut depends on the records alone; how many of these moments become checkpoints
 * on the disk is a matter of time, which no result depends on.
 */
export class TaskProgress {
  /** Bytes of the split that have been read. */
  bytes: number;
  readonly #files: TaskFiles;
  readonly #task: Task;
  readonly #runner: StepRunner;
  readonly #output: TaskOutput;
  /** Where the reader can begin, and how many records it has given since. */
  #position: unknown;
  #seen: number;
  #savedAt = performance.now();

  private constructor(files: TaskFiles, task: Task, steps: readonly Step[], output: TaskOutput, saved?: Checkpoint) {
    const { keepRemoved, onRecordError } = task.settings;
    const onDrop = keepRemoved ? (removed: RemovedDocument) => output.remove(removed) : undefined;
    const options = { onDrop, onRecordError, input: task.input, task: task.task };
    this.#files = files;
    this.#task = task;
    this.#output = output;
    this.#runner = new StepRunner(steps, options, saved?.steps);
    this.#position = saved?.position;
    this.#seen = saved?.skip ?? 0;
    this.bytes = saved?.bytes ?? 0;
  }

  /** Begins with the first record, and with nothing that an earlier attempt has left. */
  static start(files: TaskFiles, task: Task, steps: readonly Step[]): TaskProgress {
    removeFile(files.unfinished(task.task));
    return new TaskProgress(files, task, steps, TaskOutput.start(files, task.task, task.settings.output));
  }

  /** Goes on from a checkpoint; `undefined` where there is none or a file that it needs is damaged. */
  static resume(files: TaskFiles, task: Task, steps: readonly Step[], saved?: Checkpoint): TaskProgress | undefined {
    const output = saved && TaskOutput.resume(files, task.task, task.settings.output, saved.output);
    return output && new TaskProgress(files, task, steps, output, saved);
  }

  get counts(): Readonly<Counts> {
    return this.#runner.counts;
  }

  get position(): unknown {
    return this.#position;
  }

  /** Where the reader can begin. */
  reach(position: unknown): void {
    this.#position = position;
    this.#seen = 0;
  }

  /** Begins to count at the position; returns how many of the records there have been worked on. */
  begin(): number {
    const skip = this.#seen;
    this.#seen = 0;
    return skip;
  }

  /** Counts a record that the reader gives. */
  see(): void {
    this.#seen += 1;
  }

  /** Takes one record through the steps, and what is left of it to the output. */
  async work(record: Document | Drop): Promise<void> {
    for (const document of await this.#runner.run(record)) this.#output.keep(document);
    const { checkpointRecords, checkpointSeconds } = this.#task.settings;
    if (this.counts.read % checkpointRecords !== 0) return;
    this.#output.flush();
    const isDue = performance.now() - this.#savedAt >= checkpointSeconds * 1000;
    if (isDue && this.#runner.canBeSaved) this.#save(false);
  }

  /** Ends all files; what the returned checkpoint says is all that is needed to put them in place. */
  finish(): Checkpoint {
    this.#output.finish();
    this.#runner.finish();
    return this.#save(true);
  }

  #save(finished: boolean): Checkpoint {
    this.#output.sync();
    const checkpoint: Checkpoint = {
      key: this.#task.key,
      position: this.#position,
      skip: this.#seen,
      bytes: this.bytes,
      steps: this.#runner.save(),
      output: this.#output.save(),
      finished,
    };
    writeCheckpoint(this.#files, this.#task.task, checkpoint);
    this.#savedAt = performance.now();
    return checkpoint;
  }
}
