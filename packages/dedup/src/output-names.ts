import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DedupError } from './dedup-error.ts';
import type { StageInput } from './stage-settings.ts';

/** Size and time of an input. */
export interface FileStatus {
  bytes: number;
  modified: number;
}

/** Formats that would be taken for broken lines. */
const UNREAD = /\.(bz2|xz|lz4|zip|arrow|csv|tar)$/i;

/** @throws DedupError `FILE_NOT_FOUND`, `UNREADABLE_FILE` */
export function statusOf(path: string): FileStatus {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) throw new DedupError('FILE_NOT_FOUND', `${path}: no such file`);
  if (UNREAD.test(path)) {
    throw new DedupError(
      'UNREADABLE_FILE',
      `${path}: is no .jsonl, .jsonl.gz, .jsonl.zst or .parquet, which are read; convert it first`,
    );
  }
  if (!status.isFile()) throw new DedupError('UNREADABLE_FILE', `${path}: cannot be read (not a file)`);
  return { bytes: status.size, modified: status.mtimeMs };
}

/** Results are called as their inputs are, with a number in front where two inputs have the same name. */
export function nameOutputs(paths: readonly string[]): StageInput[] {
  const names = paths.map((path) => basename(path));
  const isUnique = new Set(names).size === names.length;
  return paths.map((path, rank) => ({
    path,
    output: isUnique ? names[rank] : `${String(rank).padStart(5, '0')}-${names[rank]}`,
  }));
}

/**
 * Makes sure that all inputs are there and that none lies among the results.
 *
 * @throws DedupError `INVALID_OPTION`, `FILE_NOT_FOUND`, `UNREADABLE_FILE`, `OUTPUT_IS_INPUT`
 */
export function checkInputs(inputs: readonly string[], folder: string): void {
  if (inputs.length === 0) throw new DedupError('INVALID_OPTION', 'inputs must name at least one file');
  const outputs = ['kept', 'removed', 'stages'].map((name) => join(resolve(folder, name), '/'));
  for (const path of inputs) {
    statusOf(path);
    if (!outputs.some((output) => realpathSync(path).startsWith(output))) continue;
    throw new DedupError('OUTPUT_IS_INPUT', `${path}: is in a folder of results; choose another one to write to`);
  }
}

/** @throws DedupError `OUTPUT_IS_INPUT` when the folder has results already */
export function checkFresh(folder: string): void {
  for (const name of ['kept', 'removed', 'report.json']) {
    if (!existsSync(join(folder, name))) continue;
    const message = `${folder}: has "${name}", which would be written over; choose another folder`;
    throw new DedupError('OUTPUT_IS_INPUT', message);
  }
}
