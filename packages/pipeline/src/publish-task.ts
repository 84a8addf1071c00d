import { existsSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { writeFileAtomically } from './atomic-file.ts';
import type { Checkpoint } from './checkpoint.ts';
import { sizeOf, writeCompletion } from './completion.ts';
import type { FinishedFile, TaskStats } from './completion.ts';
import type { Task } from './task.ts';
import { removeFile, statsName } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';

/** Whether all files of a task that has no more records are there, under one name or the other. */
export function canPublish(files: TaskFiles, { task }: Task, { output }: Checkpoint): boolean {
  return output.files.every(
    ({ name, bytes }) => sizeOf(files.partial(task, name)) === bytes || sizeOf(files.final(name)) === bytes,
  );
}

/**
 * Puts the files of a task that has no more records in place and marks it as finished. Done again after a kill on the
 * way, it goes on where it was.
 */
export function publishTask(files: TaskFiles, task: Task, { steps, output }: Checkpoint): void {
  for (const { name } of output.files) {
    // What is missing was put in place before.
    if (existsSync(files.partial(task.task, name))) files.publish(task.task, name);
  }
  const stats: TaskStats = { input: task.input, split: task.split, ...steps.counts };
  const written = writeJson(files, statsName(task.task), stats);
  const names = steps.counts.steps.map(({ name }, index) => [name, steps.seconds[index]] as const);
  writeFileAtomically(files.timing(task.task), `${JSON.stringify(Object.fromEntries(names))}\n`);
  const results = output.files.map(({ name, bytes, crc32: checksum }) => ({ name, bytes, crc32: checksum }));
  writeCompletion(files, task.task, { key: task.key, files: [...results, written] });
  removeFile(files.failure(task.task));
  removeFile(files.unfinished(task.task));
}

function writeJson(files: TaskFiles, name: string, value: unknown): FinishedFile {
  const text = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  writeFileAtomically(files.final(name), text.toString());
  return { name, bytes: text.length, crc32: crc32(text) };
}
