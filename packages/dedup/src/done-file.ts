import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StageFile, findDamage } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';

/** What a finished piece of work leaves behind beside its files, so that it is not done again. */
export interface DoneWork {
  /** path in the run's folder → what the file must be */
  files: Record<string, FileSeal>;
}

const pathOf = (folder: string, name: string, number: number) =>
  join(folder, 'stages', 'done', `${name}-${String(number).padStart(5, '0')}.json`);

const checksumOf = (content: string) => createHash('blake2b512').update(content).digest('hex').slice(0, 32);

/** Writes down that a piece of work is done, after a checksum of its own. */
export function writeDone(folder: string, name: string, number: number, done: DoneWork): void {
  const content = JSON.stringify(done);
  const file = new StageFile(pathOf(folder, name, number), { sync: false });
  file.write(Buffer.from(`${checksumOf(content)}\n${content}`));
  file.close();
}

/**
 * What an earlier run has written down, if all of its files are as they were; `null` if the work has to be done (again).
 *
 * @param onDamage told which file is not as it was written
 */
export function readDone<D extends DoneWork>(
  folder: string,
  name: string,
  number: number,
  onDamage?: (message: string) => void,
): D | null {
  const path = pathOf(folder, name, number);
  if (!existsSync(path)) return null;
  const [checksum, content = ''] = readFileSync(path, 'utf8').split('\n');
  if (checksumOf(content) !== checksum) {
    onDamage?.(`${path}: its checksum is not the one it was written with`);
    return null;
  }
  const done = JSON.parse(content) as D;
  for (const [file, seal] of Object.entries(done.files)) {
    const damage = findDamage(join(folder, file), seal);
    if (damage === null) continue;
    onDamage?.(damage);
    return null;
  }
  return done;
}
