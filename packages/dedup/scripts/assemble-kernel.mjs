// Assembles src/kernel.wat into src/kernel-bytes.ts with wat2wasm of the npm package `wabt`, which npx fetches.
// Run it after every change of the .wat:  node scripts/assemble-kernel.mjs
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src/kernel.wat', import.meta.url));
const target = fileURLToPath(new URL('../src/kernel-bytes.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kernel-'));
const binary = join(folder, 'kernel.wasm');

execFileSync('npx', ['--yes', '--package', 'wabt@1.0.39', 'wat2wasm', source, '-o', binary], { stdio: 'inherit' });
const lines = readFileSync(binary)
  .toString('base64')
  .match(/.{1,110}/g);
rmSync(folder, { recursive: true });
const sourceHash = createHash('sha256').update(readFileSync(source)).digest('hex');
writeFileSync(
  target,
  `/** SHA-256 of the kernel.wat that was assembled. */
export const KERNEL_SOURCE_SHA256 = '${sourceHash}';

/** The assembled kernel.wat (scripts/assemble-kernel.mjs writes this file). */
export const KERNEL_BYTES = Buffer.from(
${lines.map((line) => `  '${line}'`).join(' +\n')},
  'base64',
);
`,
);
