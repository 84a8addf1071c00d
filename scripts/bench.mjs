// npm run bench [-- PACKAGE …] [--json]: runs packages/*/bench and prints one table (or one JSON row a line).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build, install, root, rooms } from './workspace.mjs';

const columns = ['bench', 'case', 'ours', 'unit', 'peer', 'peerValue', 'ratio'];
const parameters = process.argv.slice(2);
const asJson = parameters.includes('--json');
// FineWeb's whole chain is put together by the app, but it is what the pipeline is judged by.
const measuredElsewhere = { pipeline: ['pretrain'] };
const named = parameters.filter((parameter) => !parameter.startsWith('--'));
const wanted = [...new Set(named.flatMap((name) => [name, ...(measuredElsewhere[name] ?? [])]))];
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

/** Rows of one package's benchmark, in a process of its own: no heap and no compiled code of another one disturbs it. */
async function runBench(room) {
  const parameters = ['run', '--config', 'scripts/bench.config.ts', '--reporter=./scripts/bench-reporter.ts'];
  const child = spawn(join(root, 'node_modules/.bin/vitest'), parameters, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, SMOL_BENCH_ROOM: room },
  });
  const closed = new Promise((resolve) => child.on('close', resolve));
  const rows = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith('{"bench"')) continue;
    if (asJson) console.log(line);
    rows.push(JSON.parse(line));
  }
  if ((await closed) !== 0) process.exitCode = 1;
  return rows;
}

const shown = (value) =>
  value === null ? '–' : typeof value === 'number' ? String(Number(value.toPrecision(4))) : String(value);
const table = [columns];
for (const room of available.filter((path) => wanted.length === 0 || wanted.includes(path.split('/')[1]))) {
  console.error(`${room} …`);
  for (const row of await runBench(room)) table.push(columns.map((column) => shown(row[column])));
}
if (!asJson) {
  const widths = columns.map((_, index) => Math.max(...table.map((row) => row[index].length)));
  for (const row of table)
    console.log(
      row
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    );
}
