import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What peers.py answers. */
export interface PeerAnswer {
  readonly ms: number;
  /** Largest resident size of the process, for steps. */
  readonly peakBytes?: number;
  readonly baseBytes?: number;
}

/** A Python with torch: SMOL_PYTHON, else the environment that `npm run oracle -- engine` has made. */
function findPython(): string | undefined {
  if (process.env['SMOL_PYTHON']) return process.env['SMOL_PYTHON'];
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'smol-oracle');
  const names = existsSync(cache) ? readdirSync(cache) : [];
  return names
    .filter((name) => name.startsWith('engine-') && existsSync(join(cache, name, 'complete')))
    .map((name) => join(cache, name, 'bin/python'))[0];
}

const python = findPython();
if (python === undefined)
  console.error(
    'peers pytorch, pytorch-eager and pytorch-compile are skipped: run `npm run oracle -- engine` once, or set SMOL_PYTHON',
  );

/** Times something in PyTorch, in a process of its own; undefined, and said so, where it cannot be done. */
export function askPytorch(request: object): PeerAnswer | undefined {
  if (python === undefined) return undefined;
  try {
    const script = join(import.meta.dirname, 'peers.py');
    const input = JSON.stringify(request);
    return JSON.parse(
      execFileSync(python, [script], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
        .trim()
        .split('\n')
        .at(-1) as string,
    ) as PeerAnswer;
  } catch (error) {
    console.error(`pytorch skipped for ${JSON.stringify(request).slice(0, 80)}: ${String(error).split('\n', 1)[0]}`);
    return undefined;
  }
}
