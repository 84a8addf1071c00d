// Where the Python packages are that the bench compares with: an environment of its own outside the tree.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));

/** The folder of the environment, whether it is there or not. */
export function environment() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'smol-bench', `dedup-${hash}`);
}

/** The interpreter of an environment. */
export const interpreterOf = (folder) =>
  join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');

/** The interpreter to use, or `null` where the packages are not installed. */
export function findPython() {
  const folder = environment();
  return existsSync(join(folder, 'complete')) ? interpreterOf(folder) : null;
}
