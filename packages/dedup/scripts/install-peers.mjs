// Installs the Python packages that bench/dedup.bench.ts compares with, once:  node scripts/install-peers.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environment, interpreterOf, requirements } from '../bench/peers.mjs';

const folder = environment();
const run = (command, ...parameters) => execFileSync(command, parameters, { stdio: 'inherit' });
if (!existsSync(join(folder, 'complete'))) {
  run('python3', '-m', 'venv', '--clear', folder);
  for (const line of readFileSync(requirements, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    run(interpreterOf(folder), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...line.split(' '));
  }
  writeFileSync(join(folder, 'complete'), '');
}
console.log(folder);
