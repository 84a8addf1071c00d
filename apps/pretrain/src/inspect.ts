import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findChangedFile, readCompletion } from './completion.ts';
import { formatDuration, formatTable } from './format.ts';
import { PretrainError } from './pretrain-error.ts';
import { stepNames, type StepName } from './step.ts';
import { formatSummary } from './summary.ts';

/** What a run has done so far, as text or JSON. @throws PretrainError `RUN_NOT_FOUND` */
export function inspectRun(folder: string, { json = false } = {}): string {
  const runFolder = resolve(folder);
  if (!existsSync(join(runFolder, 'config.resolved.yaml'))) {
    throw new PretrainError(
      'RUN_NOT_FOUND',
      `${folder} is not a run folder; runs are made by: smol-pretrain run RECIPE`,
    );
  }
  const completions = stepNames.map((name) => [name, readCompletion(runFolder, name)] as const);
  if (json) {
    const steps = Object.fromEntries(completions.map(([name, completion]) => [name, completion ?? null]));
    return `${JSON.stringify({ runFolder, steps }, null, 2)}\n`;
  }
  const rows = completions
    .filter(([name, completion]) => name !== 'sample' || completion !== undefined)
    .map(([name]) => ['', name, stateOf(runFolder, name)]);
  const summaries = Object.fromEntries(completions.map(([name, completion]) => [name, completion?.summary]));
  const table = formatTable(rows, ['left', 'left', 'left']).join('\n');
  return `${runFolder}\n${table}\n${formatSummary({ runFolder, summaries })}`;
}

function stateOf(runFolder: string, name: StepName): string {
  const completion = readCompletion(runFolder, name);
  if (completion === undefined) return 'not done';
  const changed = findChangedFile(runFolder, completion);
  return changed === undefined
    ? `done in ${formatDuration(completion.seconds)}`
    : `to be done again: ${changed} is gone or was changed`;
}
