// Runs the native kernels under AddressSanitizer with UndefinedBehaviorSanitizer, and under ThreadSanitizer.
// usage: node scripts/sanitize-native.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileNative, findCompiler } from './compile-native.mjs';

const compiler = findCompiler();
if (compiler === undefined) {
  process.stderr.write('no C++ compiler here\n');
  process.exit(1);
}
let failed = false;
for (const sanitizers of ['address,undefined', 'thread']) {
  const folder = mkdtempSync(join(tmpdir(), 'smol-sanitize-'));
  const program = join(folder, 'drive');
  const options = [`-fsanitize=${sanitizers}`, '-fno-sanitize-recover=all', '-O1', '-g'];
  await compileNative(compiler, folder, ['test/drive-kernels.cpp', 'thread-pool.cpp', 'instruction-sets.cpp'], options);
  const objects = spawnSync('sh', ['-c', `${compiler} -pthread ${options.join(' ')} ${folder}/*.o -o ${program}`], {
    stdio: 'inherit',
  });
  const run = objects.status === 0 ? spawnSync(program, { stdio: 'inherit' }) : objects;
  process.stdout.write(`${sanitizers}: ${run.status === 0 ? 'clean' : 'FAILED'}\n`);
  failed ||= run.status !== 0;
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
