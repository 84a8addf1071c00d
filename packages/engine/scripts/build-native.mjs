// Compiles native/ to native/build/smol.node with the C++ compiler of this machine: no node-gyp, no download.
// Without a compiler it says so and ends well: the wasm engine needs none. CXX chooses the compiler.
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const native = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');
const target = join(native, 'build', 'smol.node');

/** Options for each instruction set; x64 chooses among three when the engine starts. */
const AVX512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma', '-mprefer-vector-width=512'];
const SETS = {
  x64: { avx512bf16: [...AVX512, '-mavx512bf16'], avx512: AVX512, avx2: ['-mavx2', '-mfma'] },
  arm64: { neon: [] },
};

const FLAGS = [
  '-std=c++17',
  '-O3',
  '-fPIC',
  '-fvisibility=hidden',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffp-contract=fast',
  '-Wall',
  '-Wextra',
  '-Wno-psabi', // vectors stay inside one file, so how they are passed does not matter
];

/** The first compiler that answers. */
function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['g++', 'clang++', 'c++'];
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Compiler calls that make an object file each, largest first. */
function compilations(folder, sets) {
  const { include_dir: include } = createRequire(import.meta.url)('node-api-headers');
  const object = (source, name, options) => [
    ...FLAGS,
    ...options,
    '-c',
    join(native, source),
    '-o',
    join(folder, name),
  ];
  return [
    ...Object.entries(sets).map(([name, options]) =>
      object('kernels.cpp', `${name}.o`, [...options, `-DSMOL_SET=${name}`]),
    ),
    object('addon.cpp', 'addon.o', [`-I${include}`]),
    object('thread-pool.cpp', 'thread-pool.o', []),
    object('instruction-sets.cpp', 'instruction-sets.o', []),
  ];
}

/** Runs the calls, as many at a time as the machine has cores. */
async function compileAll(compiler, calls) {
  const queue = [...calls];
  const worker = async () => {
    for (let call = queue.shift(); call !== undefined; call = queue.shift()) {
      const { stderr } = await promisify(execFile)(compiler, call, { maxBuffer: 2 ** 26 });
      process.stderr.write(stderr);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

async function link(compiler, folder, output) {
  const objects = (await readdir(folder)).filter((name) => name.endsWith('.o')).map((name) => join(folder, name));
  const system =
    process.platform === 'darwin'
      ? ['-undefined', 'dynamic_lookup']
      : ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'];
  await promisify(execFile)(compiler, ['-shared', '-pthread', ...objects, ...system, '-o', output]);
}

async function build(compiler, sets) {
  await mkdir(dirname(target), { recursive: true });
  const folder = await mkdtemp(join(native, 'build', 'objects-'));
  try {
    await compileAll(compiler, compilations(folder, sets));
    await link(compiler, folder, join(folder, 'smol.node'));
    await rename(join(folder, 'smol.node'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const sets = process.platform === 'win32' ? undefined : SETS[process.arch];
const compiler = findCompiler();
if (sets === undefined) {
  process.stdout.write(`native engine: not built, ${process.platform} on ${process.arch} is not supported\n`);
} else if (compiler === undefined) {
  process.stdout.write(
    'native engine: not built, there is no C++ compiler here (install g++ or clang++, or set CXX)\n',
  );
} else {
  await build(compiler, sets);
  process.stdout.write(`native engine: built by ${compiler} for ${Object.keys(sets).join(', ')}\n`);
}
