import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DedupError } from './dedup-error.ts';
import { checkFresh, statusOf } from './output-names.ts';
import { StageFile } from './stage-file.ts';
import type { StageSettings } from './stage-settings.ts';

const RUN_VERSION = 3;

/**
 * Writes down what a folder is for, or makes sure that it is for the same: `run` with the sizes and times of its files.
 *
 * @throws DedupError `RUN_MISMATCH`, `OUTPUT_IS_INPUT`
 */
export function claimRun(folder: string, files: readonly string[], run: object): void {
  const path = join(folder, 'stages', 'run.json');
  const statuses = files.map((file) => ({ path: resolve(file), ...statusOf(file) }));
  const content = JSON.stringify({ version: RUN_VERSION, ...run, files: statuses }, (_, value: unknown) =>
    value === Infinity ? 'Infinity' : value,
  );
  if (existsSync(path)) {
    if (readFileSync(path, 'utf8') === content) return;
    const message = `${folder}: holds a run with other settings or inputs; choose another folder, or delete this one`;
    throw new DedupError('RUN_MISMATCH', message);
  }
  checkFresh(folder);
  const file = new StageFile(path);
  file.write(Buffer.from(content));
  file.close();
}

/**
 * The same for an out-of-core run. How many workers there are and how much memory plays no part.
 *
 * @throws DedupError `RUN_MISMATCH`, `OUTPUT_IS_INPUT`
 */
export function claimFolder({ folder, taskBytes: _taskBytes, ...settings }: StageSettings): void {
  claimRun(
    folder,
    settings.inputs.map(({ path }) => path),
    settings,
  );
}
