import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hashOf } from './canonical-json.ts';
import type { ShardFiles } from './shard-files.ts';
import type { Counts } from './step-counts.ts';

/** What a finished shard has left in `stats`. */
export interface ShardStats extends Counts {
  input: string;
}

/** What the results of a shard depend on. */
export interface ShardKeyParts {
  readonly input: string;
  readonly moduleUrl: string;
  readonly options: unknown;
  readonly steps: readonly { name: string; version?: string }[];
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A hash of all a shard's results depend on: the input's name, size and time of change, the steps module, the options. */
export function shardKey({ input, moduleUrl, options, steps, settings }: ShardKeyParts): string {
  const identity = inputIdentity(input);
  return hashOf({ identity, module: moduleHash(moduleUrl), options: options ?? null, steps, settings });
}

/** The size of an input in bytes, 0 where it is no file. */
export function inputBytes(input: string): number {
  return statSync(input, { throwIfNoEntry: false })?.size ?? 0;
}

/** The stats of a shard that is finished under this key and still there, else `undefined`. */
export function readCompleted(files: ShardFiles, shard: number, key: string): ShardStats | undefined {
  try {
    const completion = JSON.parse(readFileSync(files.completion(shard), 'utf8')) as { key?: unknown; bytes?: unknown };
    if (completion.key !== key || completion.bytes !== statSync(files.documents(shard)).size) return undefined;
    return readStats(files, shard);
  } catch {
    // Missing or damaged: not finished.
    return undefined;
  }
}

/** The stats that a finished shard has left. */
export function readStats(files: ShardFiles, shard: number): ShardStats {
  return JSON.parse(readFileSync(files.stats(shard), 'utf8')) as ShardStats;
}

function inputIdentity(input: string): Record<string, unknown> {
  const status = statSync(input, { throwIfNoEntry: false });
  return status === undefined ? { input } : { input, size: status.size, modified: status.mtimeMs };
}

function moduleHash(moduleUrl: string): string {
  if (!moduleUrl.startsWith('file:')) return moduleUrl;
  return createHash('sha256')
    .update(readFileSync(fileURLToPath(moduleUrl)))
    .digest('hex');
}
