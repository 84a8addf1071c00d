// The one way native/ is compiled, for the addon and for the sanitizers' test program.
import { execFile, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const native = join(dirname(dirname(fileURLToPath(import.meta.url))), 'native');

const AVX512 = ['-mavx512f', '-mavx512bw', '-mavx512dq', '-mavx512vl', '-mavx2', '-mfma', '-mprefer-vector-width=512'];
/** Options for each instruction set; x64 chooses among three when the engine starts. */
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

/** Instruction sets for this machine's kind of processor; undefined where the engine is not supported. */
export function instructionSets() {
  return process.platform === 'win32' ? undefined : SETS[process.arch];
}

/** The first compiler that answers; undefined when there is none. */
export function findCompiler() {
  const candidates = process.env.CXX ? [process.env.CXX] : ['g++', 'clang++', 'c++'];
  return candidates.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

/** Compiles the kernels for each instruction set and the given sources to object files in `folder`, on all cores. */
export async function compileNative(compiler, folder, sources, options = []) {
  const call = (source, name, more) => [
    ...FLAGS,
    ...more,
    ...options,
    '-c',
    join(native, source),
    '-o',
    join(folder, name),
  ];
  const queue = [
    ...Object.entries(instructionSets()).map(([name, flags]) =>
      call('kernels.cpp', `${name}.o`, [...flags, `-DSMOL_SET=${name}`]),
    ),
    ...sources.map((source) => call(source, `${basename(source, '.cpp')}.o`, [])),
  ];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { stderr } = await promisify(execFile)(compiler, next, { maxBuffer: 2 ** 26 });
      process.stderr.write(stderr);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}
