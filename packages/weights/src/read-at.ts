import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { WeightsError } from './weights-error.ts';

/** One system call reads at most 2 GiB. */
const MAXIMUM_READ_BYTES = 2 ** 30;

/**
 * The bytes of a file from `begin` to `end`, which must lie within it.
 *
 * @throws WeightsError `TRUNCATED` when the file has shrunk meanwhile
 */
export async function readAt(file: FileHandle, begin: number, end: number, path: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - begin);
  let filled = 0;
  while (filled < bytes.length) {
    const length = Math.min(bytes.length - filled, MAXIMUM_READ_BYTES);
    const { bytesRead } = await file.read(bytes, filled, length, begin + filled);
    if (bytesRead === 0)
      throw new WeightsError('TRUNCATED', `${path}: ended at byte ${begin + filled} while being read`);
    filled += bytesRead;
  }
  return bytes;
}

/** Opens a file for reading; an absent one is a user's error. */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    throw new WeightsError('FILE_NOT_FOUND', `${path}: no such file`, { cause });
  }
}
