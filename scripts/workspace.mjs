// What every root script needs: the pinned package manager, an install that is skipped when nothing changed, and child processes.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const binFolder = join(root, 'node_modules/.bin');
const installStamp = join(root, 'node_modules/.smol-installed');

/** Runs a command in the repository, output passed through; resolves with its exit code, signals are forwarded. */
export function execute(command, parameters, options = {}) {
  const child = spawn(command, parameters, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    ...options,
    env: {
      ...process.env,
      PATH: `${binFolder}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
      ...options.env,
    },
  });
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** Runs a command and ends this process with its exit code when it fails. */
export async function must(command, parameters, options) {
  const code = await execute(command, parameters, options);
  if (code !== 0) process.exit(code);
}

/** All packages and apps, as folders relative to the root. */
export function rooms() {
  return ['packages', 'apps'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => `${group}/${name}`)
      .filter((path) => existsSync(join(root, path, 'package.json'))),
  );
}

/** Fingerprint of everything that decides what node_modules holds. */
function manifestHash() {
  const hash = createHash('sha256');
  const manifests = [
    'package.json',
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...rooms().map((room) => `${room}/package.json`),
  ];
  for (const file of manifests) hash.update(file).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/** Installs the dependencies with the pinned pnpm (through npx, so that only npm has to be there). A second call is free. */
export async function install() {
  const hash = manifestHash();
  if (existsSync(installStamp) && readFileSync(installStamp, 'utf8') === hash) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  await must('npx', [
    '--yes',
    packageManager,
    'install',
    '--frozen-lockfile',
    '--reporter=append-only',
    '--loglevel=error',
  ]);
  writeFileSync(installStamp, hash);
}

/** Builds every package whose inputs changed; its talk goes to stderr, stdout is for results. */
export async function build(filters = []) {
  const chosen = filters.map((filter) => `--filter=${filter}`);
  await must('turbo', ['run', 'build', '--output-logs=errors-only', '--log-order=grouped', ...chosen], {
    stdio: ['inherit', 2, 2],
    env: { TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' },
  });
}
