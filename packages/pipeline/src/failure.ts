import { writeSealed, readSealed } from './sealed-json.ts';
import type { Split } from './document.ts';
import type { PipelineErrorCode } from './pipeline-error.ts';
import type { Task } from './task.ts';
import type { TaskFiles } from './task-files.ts';

/** A task that has failed as often as it may, and what the last attempt said. */
export interface TaskFailure {
  readonly task: number;
  readonly input: string;
  readonly split?: Split;
  readonly code: PipelineErrorCode;
  readonly message: string;
  readonly attempts: number;
}

/** Notes down that a task has failed. */
export function writeFailure(
  files: TaskFiles,
  task: Task,
  failure: Pick<TaskFailure, 'code' | 'message' | 'attempts'>,
) {
  const { code, message, attempts } = failure;
  writeSealed(files.failure(task.task), {
    task: task.task,
    input: task.input,
    split: task.split,
    code,
    message,
    attempts,
  });
}

/** The tasks of a folder that have failed. */
export function readFailures(files: TaskFiles): TaskFailure[] {
  return files.tasksIn('failed').flatMap((task) => readSealed<TaskFailure>(files.failure(task)) ?? []);
}
