import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DedupError } from './dedup-error.ts';
import { checkFresh, statusOf } from './output-names.ts';
import { StageFile } from './stage-file.ts';
import type { StageSettings } from './stage-settings.ts';

const RUN_VERSION = 1;

/**
 * Writes down what the folder is for, or makes sure that it is for the same: settings, and inputs with their sizes and times.
 * How many workers there are and how much memory plays no part.
 *
 * @throws DedupError `RUN_MISMATCH`, `OUTPUT_IS_INPUT`
 */
export function claimFolder({ folder, taskBytes: _taskBytes, ...settings }: StageSettings): void {
  const path = join(folder, 'stages', 'run.json');
  const inputs = settings.inputs.map((input) => ({ ...input, path: resolve(input.path), ...statusOf(input.path) }));
  const run = JSON.stringify({ version: RUN_VERSION, ...settings, inputs }, (_, value: unknown) =>
    value === Infinity ? 'Infinity' : value,
  );
  if (existsSync(path)) {
    if (readFileSync(path, 'utf8') === run) return;
    const message = `${folder}: holds a run with other settings or inputs; choose another folder, or delete this one`;
    throw new DedupError('RUN_MISMATCH', message);
  }
  checkFresh(folder);
  const file = new StageFile(path);
  file.write(Buffer.from(run));
  file.close();
}
