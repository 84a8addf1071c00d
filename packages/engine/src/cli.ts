#!/usr/bin/env node
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { EngineError } from './engine-error.ts';
import { describeEngines } from './describe-engines.ts';

const HELP = `smol-engine: the tensor engines of this machine

  smol-engine info [--json]   which engines there are, which one 'auto' takes, and what would be faster
  smol-engine build           compiles the native engine with the C++ compiler of this machine (CXX chooses it)

  --help, --version
`;

/** Compiles native/ in this package's folder; exit code of the compiler script, or 1 when it built nothing. */
async function build(): Promise<number> {
  const script = fileURLToPath(new URL('../scripts/build-native.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [script], { stdio: 'inherit' });
  if (status !== 0) return status ?? 1;
  return (await describeEngines()).engines.native.available ? 0 : 1;
}

async function info(asJson: boolean): Promise<number> {
  const report = await describeEngines();
  if (asJson) process.stdout.write(`${JSON.stringify(report)}\n`);
  else {
    for (const [name, { available, detail }] of Object.entries(report.engines))
      process.stdout.write(`${available ? '+' : '-'} ${name.padEnd(11)}${detail}\n`);
    process.stdout.write(`auto takes ${report.auto.name}: ${report.auto.reason}\n`);
    if (report.auto.advice !== undefined) process.stdout.write(`${report.auto.advice}\n`);
  }
  return 0;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean' }, version: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  if (values.version === true) {
    const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
    return 0;
  }
  const [command, ...rest] = positionals;
  if (values.help === true) process.stdout.write(HELP);
  else if (command === 'info' && rest.length === 0) return info(values.json === true);
  else if (command === 'build' && rest.length === 0) return build();
  else {
    process.stderr.write(HELP);
    return 2;
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  const usage = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (!usage && !(error instanceof EngineError)) throw error;
  process.stderr.write(`smol-engine: ${(error as Error).message}\n`);
  process.exitCode = usage ? 2 : 1;
}
