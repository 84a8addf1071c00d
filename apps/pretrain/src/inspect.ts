import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PretrainError } from './pretrain-error.ts';
import { readCompletion } from './run-recipe.ts';
import { stepNames } from './step.ts';
import { formatSummary } from './summary.ts';

/** What a run has done so far, as text or JSON. @throws PretrainError `RUN_NOT_FOUND` */
export function inspectRun(folder: string, { json = false } = {}): string {
  const runFolder = resolve(folder);
  if (!existsSync(`${runFolder}/steps`)) {
    throw new PretrainError('RUN_NOT_FOUND', `${folder} is not a run folder; runs are made by: smol-pretrain run RECIPE`);
  }
  const completions = stepNames.map((name) => ({ name, completion: readCompletion(runFolder, name) }));
  const summaries = Object.fromEntries(completions.map(({ name, completion }) => [name, completion?.summary]));
  if (json) return `${JSON.stringify({ runFolder, steps: Object.fromEntries(completions.map(({ name, completion }) => [name, completion ?? null])) }, null, 2)}\n`;
  const states = completions.map(({ name, completion }) => `  ${name.padEnd(9)} ${completion ? `done in ${completion.seconds} s` : 'not done'}\n`);
  return `${runFolder}\n${states.join('')}${formatSummary({ runFolder, summaries })}`;
}
