import { writeFileAtomically } from './atomic-file.ts';
import type { CliArguments } from './cli-arguments.ts';
import { readFailures } from './failure.ts';
import type { TaskFailure } from './failure.ts';
import { finishedTasks, stepSeconds } from './finished-tasks.ts';
import { mergeStats } from './merge-stats.ts';
import { tasksOf } from './plan.ts';
import { formatDuration } from './progress-line.ts';
import { formatReport, makeReport } from './report.ts';
import type { CliStreams } from './run-cli.ts';
import { formatStatus, planOf, runStatus } from './run-status.ts';
import { describeTask } from './task.ts';
import { TaskFiles } from './task-files.ts';

/** `status`: tasks done, running, failed and left. Exit code 1 where tasks have failed. */
export function statusCommand({ paths, json }: CliArguments, { stdout }: CliStreams): number {
  const all = paths.map(runStatus);
  for (const status of all) stdout.write(`${json ? JSON.stringify(status) : formatStatus(status)}\n`);
  return all.some(({ failed }) => failed > 0) ? 1 : 0;
}

/** `failed`: which tasks have failed, why, and what runs them again. */
export function failedCommand({ paths, json }: CliArguments, { stdout }: CliStreams): number {
  for (const folder of paths) {
    const files = new TaskFiles(folder);
    const { command } = planOf(files);
    const failures = readFailures(files);
    const again = failures.length > 0 ? againLine(command, failures) : undefined;
    if (json) stdout.write(`${JSON.stringify({ folder, failures, command: again })}\n`);
    else stdout.write(formatFailures(folder, failures, again));
  }
  return 0;
}

/** `report`: what each step removed and why, and the time it took. */
export function reportCommand({ paths, json }: CliArguments, { stdout }: CliStreams): number {
  for (const folder of paths) {
    const files = new TaskFiles(folder);
    const plan = planOf(files);
    const finished = finishedTasks(files, plan);
    const report = makeReport(finished);
    const seconds = stepSeconds(files, finished);
    const tasks = tasksOf(plan).length;
    if (json) stdout.write(`${JSON.stringify({ folder, ...report, seconds })}\n`);
    else
      stdout.write(
        `${folder}: ${finished.length} of ${tasks} tasks\n${formatReport(report)}\n${formatSeconds(seconds)}`,
      );
  }
  return 0;
}

/** `merge-stats`: counts and statistics of many folders as one JSON. */
export function mergeStatsCommand({ paths, output, quiet }: CliArguments, { stdout, stderr }: CliStreams): number {
  const merged = mergeStats(paths);
  const text = `${JSON.stringify(merged, null, 2)}\n`;
  if (output === undefined || output === '-') stdout.write(text);
  else writeFileAtomically(output, text);
  if (!quiet && merged.tasksDone < merged.tasks) {
    stderr.write(`only ${merged.tasksDone} of ${merged.tasks} tasks are finished; the counts are of these\n`);
  }
  return 0;
}

function againLine(command = 'smol-pipeline run CONFIG', failures: readonly TaskFailure[]): string {
  return `${command} --tasks ${failures.map(({ task }) => task).join(',')}`;
}

function formatFailures(folder: string, failures: readonly TaskFailure[], again: string | undefined): string {
  if (again === undefined) return `${folder}: no task has failed\n`;
  const lines = failures.flatMap((failure) => [
    `${describeTask(failure)}: ${failure.code} after ${failure.attempts === 1 ? '1 attempt' : `${failure.attempts} attempts`}`,
    `  ${failure.message}`,
  ]);
  return `${folder}: ${failures.length} failed\n${lines.join('\n')}\nagain: ${again}\n`;
}

function formatSeconds(seconds: Readonly<Record<string, number>>): string {
  const total = Object.values(seconds).reduce((sum, value) => sum + value, 0);
  if (total === 0) return '';
  const width = Math.max(...Object.keys(seconds).map((name) => name.length));
  const lines = Object.entries(seconds).map(([name, value]) => {
    return `  ${name.padEnd(width)}  ${((100 * value) / total).toFixed(1).padStart(5)} %  ${formatDuration(value)}`;
  });
  return `time in steps:\n${lines.join('\n')}\n`;
}
