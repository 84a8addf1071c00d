// npm run bench [-- PACKAGE …] [--json]: runs packages/*/bench and prints one table (or one JSON row a line).
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build, execute, install, root, rooms } from './workspace.mjs';

const parameters = process.argv.slice(2);
const wanted = parameters.filter((parameter) => !parameter.startsWith('--'));
const available = rooms().filter((room) => existsSync(join(root, room, 'bench')));
const unknown = wanted.filter((name) => !available.some((room) => room.endsWith(`/${name}`)));
if (unknown.length > 0) {
  console.error(
    `no benchmark for ${unknown.join(', ')}; there are: ${available.map((room) => room.split('/')[1]).join(', ')}`,
  );
  process.exit(2);
}
await install();
await build();
const chosen = available.filter((room) => wanted.length === 0 || wanted.includes(room.split('/')[1]));
process.exit(
  await execute('vitest', ['run', '--config', 'scripts/bench.config.ts', '--reporter=./scripts/bench-reporter.ts'], {
    env: { SMOL_BENCH_ROOMS: chosen.join(','), SMOL_BENCH_JSON: parameters.includes('--json') ? '1' : '' },
  }),
);
