import { writeFileAtomically } from './atomic-file.ts';
import type { Reader, Steps } from './document.ts';
import type { LiveCounters } from './live-counters.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { StepRunner } from './run-steps.ts';
import type { RemovedDocument } from './run-steps.ts';
import { ShardFiles } from './shard-files.ts';
import { ShardOutput } from './shard-output.ts';

/** One input, and where its results go. Plain data: it travels to a worker. */
export interface ShardTask {
  readonly shard: number;
  readonly input: string;
  /** Stands for the input, the settings and the steps: a finished shard of another key is done again. */
  readonly key: string;
  readonly outputFolder: string;
  readonly keepRemoved: boolean;
  readonly onRecordError: 'abort' | 'drop';
}

/**
 * Runs one shard from its input to its completion marker, which is written last.
 * Whatever stops it on the way leaves nothing under a final name that the marker does not vouch for.
 */
export async function runShard(task: ShardTask, { read, steps }: Steps, live: LiveCounters): Promise<void> {
  const files = new ShardFiles(task.outputFolder);
  files.remove(task.shard);
  const output = new ShardOutput(files, task.shard);
  const onDrop = task.keepRemoved ? (removed: RemovedDocument) => output.remove(removed) : undefined;
  try {
    const runner = new StepRunner(steps, { onDrop, onRecordError: task.onRecordError, input: task.input });
    for await (const record of readInput(read, task, live)) {
      if (live.stopped) throw new PipelineError('STOPPED', `stopped in ${task.input}`);
      for (const document of await runner.run(record)) output.keep(document);
      live.set(task.shard, runner.counts.read, runner.counts.kept);
    }
    const bytes = output.close();
    const stats = { input: task.input, ...runner.counts };
    writeFileAtomically(files.stats(task.shard), `${JSON.stringify(stats, null, 2)}\n`);
    writeFileAtomically(files.completion(task.shard), `${JSON.stringify({ key: task.key, bytes })}\n`);
  } catch (error) {
    output.abort();
    throw error;
  }
}

/** The records of an input; an error of the reader comes out naming it. */
async function* readInput(read: Reader, { input, shard }: ShardTask, live: LiveCounters): ReturnType<typeof ofReader> {
  try {
    yield* ofReader(read, input, (bytes) => live.setBytes(shard, bytes));
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('READ_FAILED', `cannot read ${input}: ${messageOf(cause)}`, { cause });
  }
}

async function* ofReader(read: Reader, input: string, reportBytes: (bytes: number) => void) {
  yield* read(input, { reportBytes });
}
