// llama.cpp by node-llama-cpp, on the CPU. It is installed on first use into a folder of its own outside the tree: as a dependency it
// would bring builds for graphics cards along. No script runs at installation; the binary is an npm package.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const VERSION = '3.22.1';
const BINARIES = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'mac-x64',
  'darwin-arm64': 'mac-arm64-metal',
  'win32-x64': 'win-x64',
};

function install(folder) {
  const binary = BINARIES[`${process.platform}-${process.arch}`];
  if (binary === undefined) throw new Error(`node-llama-cpp has no CPU build for ${process.platform}-${process.arch}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const packages = [`node-llama-cpp@${VERSION}`, `@node-llama-cpp/${binary}@${VERSION}`];
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--silent'];
  const shell = process.platform === 'win32';
  const { status } = spawnSync('npm', ['install', ...flags, ...packages], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell,
  });
  if (status !== 0) throw new Error(`npm could not install ${packages.join(' and ')}`);
  writeFileSync(join(folder, 'complete'), '');
}

/** The module, and a `Llama` on the CPU. Throws when it cannot be installed here. */
export async function loadLlamaCpp({ threads = 0 } = {}) {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, `smol-node-llama-cpp-${VERSION}`);
  if (!existsSync(join(folder, 'complete'))) install(folder);
  const entry = createRequire(join(folder, 'package.json')).resolve('node-llama-cpp');
  const { getLlama, LlamaLogLevel } = await import(pathToFileURL(entry));
  return getLlama({
    build: 'never',
    gpu: false,
    maxThreads: threads,
    logLevel: LlamaLogLevel.error,
    progressLogs: false,
  });
}
