import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PretrainError } from './pretrain-error.ts';

/** Run folders that this process works in. */
const held = new Set<string>();

/**
 * Keeps other runs out of a run folder: a file `lock` there holds this process's id. The lock of a process that is gone
 * (killed, or before a restart of the machine) is taken over.
 *
 * @returns the function that gives the folder back
 * @throws PretrainError `RUN_BUSY`, `RUN_NOT_WRITABLE`
 */
export function lockRun(runFolder: string): () => void {
  const path = join(runFolder, 'lock');
  prepareFolder(runFolder);
  if (!takeLock(path)) {
    const owner = readOwner(path);
    if (held.has(runFolder) || isAlive(owner)) {
      throw new PretrainError(
        'RUN_BUSY',
        `another run (process ${owner}) is at work in ${runFolder}; wait for it or stop it, or give this one another folder with --runs. If no such run exists, delete ${path}`,
      );
    }
    rmSync(path, { force: true });
    if (!takeLock(path))
      throw new PretrainError('RUN_BUSY', `another run has just begun in ${runFolder}; wait for it or stop it`);
  }
  held.add(runFolder);
  return () => {
    held.delete(runFolder);
    rmSync(path, { force: true });
  };
}

function prepareFolder(runFolder: string): void {
  try {
    mkdirSync(runFolder, { recursive: true });
  } catch (cause) {
    throw notWritable(runFolder, cause);
  }
}

function takeLock(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw notWritable(path, error);
  }
}

function notWritable(path: string, cause: unknown): PretrainError {
  const reason = (cause as Error).message;
  return new PretrainError(
    'RUN_NOT_WRITABLE',
    `cannot write to the run folder: ${reason.includes(path) ? reason : `${path}: ${reason}`}; give another one with --runs DIR`,
    { cause },
  );
}

/** The process that holds a lock; undefined when the lock has just been given back or holds nothing of sense. */
function readOwner(path: string): number | undefined {
  try {
    const owner = Number(readFileSync(path, 'utf8'));
    return Number.isSafeInteger(owner) && owner > 0 ? owner : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Own id in a lock that this process does not hold: it was left by a process of an earlier container. */
function isAlive(owner: number | undefined): boolean {
  if (owner === undefined || owner === process.pid) return false;
  try {
    return process.kill(owner, 0);
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
