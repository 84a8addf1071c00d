import { readCheckpoint } from './checkpoint.ts';
import type { ReadContext, Reader, Steps } from './document.ts';
import type { LiveCounters } from './live-counters.ts';
import { outputFormat } from './output-formats.ts';
import { OutputPath } from './output-path.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { canPublish, publishTask } from './publish-task.ts';
import { describeTask } from './task.ts';
import type { Task } from './task.ts';
import { TaskFiles } from './task-files.ts';
import { TaskProgress } from './task-progress.ts';

/**
 * Runs one task, from its last checkpoint or its first record to its completion marker, which is written last.
 * Whatever stops it on the way leaves nothing under a final name; its checkpoint stays.
 */
export async function runTask(task: Task, { read, steps }: Steps, live: LiveCounters): Promise<void> {
  const files = new TaskFiles(task.outputFolder);
  await outputFormat(new OutputPath(task.settings.output).template).load?.();
  const saved = readCheckpoint(files, task.task, task.key);
  if (saved?.finished && canPublish(files, task, saved)) return publishTask(files, task, saved);
  const progress = TaskProgress.resume(files, task, steps, saved) ?? TaskProgress.start(files, task, steps);
  const context = readContext(task, progress, live);
  live.begin(task.task, progress.bytes);
  const readBefore = progress.counts.read;
  const keptBefore = progress.counts.kept;
  for await (const record of readRecords(read, task, progress, context)) {
    if (live.stopped) throw new PipelineError('STOPPED', `stopped in ${describeTask(task)}`);
    await progress.work(record);
    live.set(task.task, progress.counts.read - readBefore, progress.counts.kept - keptBefore);
  }
  publishTask(files, task, progress.finish());
}

/** The records that have not been worked on yet; an error of the reader comes out naming the input. */
async function* readRecords(read: Reader, task: Task, progress: TaskProgress, context: ReadContext) {
  let known = progress.begin();
  try {
    for await (const record of read(task.input, context)) {
      progress.see();
      if (known > 0) known -= 1;
      else yield record;
    }
  } catch (cause) {
    if (cause instanceof PipelineError) throw cause;
    throw new PipelineError('READ_FAILED', `cannot read ${task.input}: ${messageOf(cause)}`, { cause });
  }
  if (known === 0) return;
  const message = `${task.input} gives ${known} records fewer than before; give it back what it was, or restart`;
  throw new PipelineError('READ_FAILED', message);
}

function readContext(task: Task, progress: TaskProgress, live: LiveCounters): ReadContext {
  return {
    split: task.split,
    from: progress.position,
    reached: (position) => progress.reach(position),
    reportBytes(bytes) {
      progress.bytes = bytes;
      live.setBytes(task.task, bytes);
    },
  };
}
