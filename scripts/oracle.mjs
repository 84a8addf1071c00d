// npm run oracle -- PACKAGE: compares a package with its Python reference, in a virtual environment of its own outside the tree.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { build, execute, install, must, root, rooms } from './workspace.mjs';

const [name, ...parameters] = process.argv.slice(2);
const available = rooms().filter((room) => existsSync(join(root, room, 'scripts/oracle.py')));
const room = available.find((candidate) => candidate.endsWith(`/${name}`));
if (room === undefined) {
  console.error(
    `usage: npm run oracle -- PACKAGE, where PACKAGE is one of: ${available.map((path) => path.split('/')[1]).join(', ')}`,
  );
  process.exit(2);
}
await install();
await build();
const requirements = join(root, room, 'scripts/requirements.txt');
const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 16);
const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const environment = join(cache, 'smol-oracle', `${name}-${hash}`);
const python = join(environment, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
if (!existsSync(join(environment, 'complete'))) {
  await must('python3', ['-m', 'venv', '--clear', environment]);
  // Line by line, so that an exact torch build is in place before anything that asks for "some torch".
  for (const line of readFileSync(requirements, 'utf8')
    .split('\n')
    .filter((text) => text.trim() && !text.startsWith('#'))) {
    await must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', line.trim()]);
  }
  writeFileSync(join(environment, 'complete'), '');
}
process.exit(await execute(python, [join(root, room, 'scripts/oracle.py'), ...parameters]));
