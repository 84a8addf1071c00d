import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { PretrainError } from './pretrain-error.ts';

/**
 * Writes a whole file under its final name or not at all: temporary file, fsync, rename.
 *
 * @throws PretrainError `WRITE_FAILED` with the path and what the system says (disk full, no permission)
 */
export function writeFileAtomic(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.partial`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeDurably(temporary, typeof content === 'string' ? Buffer.from(content) : content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw writeFailed(path, error);
  }
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, 'w');
  try {
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The system's words do not always name the file. */
export function writeFailed(path: string, cause: unknown): PretrainError {
  const advice = 'free some space or choose another folder with --runs; the same command then goes on';
  return new PretrainError('WRITE_FAILED', `cannot write ${path}: ${(cause as Error).message}; ${advice}`, { cause });
}
