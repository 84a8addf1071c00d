// Compiles native/ to native/build/smol.node with the C++ compiler of this machine: no node-gyp, no download.
// Without a compiler it says so and ends well: the wasm engine needs none. CXX chooses the compiler.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { compileNative, findCompiler, instructionSets, native } from './compile-native.mjs';

const target = join(native, 'build', 'smol.node');

async function link(compiler, folder, output) {
  const objects = (await readdir(folder)).filter((name) => name.endsWith('.o')).map((name) => join(folder, name));
  const system =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup']
      : ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'];
  await promisify(execFile)(compiler, ['-shared', '-pthread', ...objects, ...system, '-o', output]);
}

async function build(compiler) {
  const { include_dir: include } = createRequire(import.meta.url)('node-api-headers');
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(native, 'build', 'objects-'));
  try {
    const sources = ['addon.cpp', 'thread-pool.cpp', 'instruction-sets.cpp'];
    await compileNative(compiler, folder, sources, [`-I${include}`]);
    await link(compiler, folder, join(folder, 'smol.node'));
    await rename(join(folder, 'smol.node'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const sets = instructionSets();
const compiler = findCompiler();
if (sets === undefined) {
  process.stdout.write(`native engine: not built, ${process.platform} on ${process.arch} is not supported\n`);
} else if (compiler === undefined) {
  process.stdout.write(
    'native engine: not built, there is no C++ compiler here (install g++ or clang++, or set CXX)\n',
  );
} else {
  await build(compiler);
  process.stdout.write(`native engine: built by ${compiler} for ${Object.keys(sets).join(', ')}\n`);
}
