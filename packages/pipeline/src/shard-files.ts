import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { partialPath } from './atomic-file.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';

/** Where everything of a run is: one shard for each input, numbered in their order. */
export class ShardFiles {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The documents a shard has kept. */
  documents(shard: number): string {
    return join(this.folder, 'documents', `${shardName(shard)}.jsonl.gz`);
  }

  /** The documents that a step has removed from a shard for a reason. */
  removed(shard: number, step: string, reason: string): string {
    const folder = `${step}.${reason}`.replaceAll(/[^\w.-]+/g, '_').slice(0, 100);
    return join(this.folder, 'removed', folder, `${shardName(shard)}.jsonl.gz`);
  }

  /** Counts of a shard. */
  stats(shard: number): string {
    return join(this.folder, 'stats', `${shardName(shard)}.json`);
  }

  /** Is there when a shard is finished. */
  completion(shard: number): string {
    return join(this.folder, 'completions', `${shardName(shard)}.json`);
  }

  /** Counts of all shards. */
  get report(): string {
    return join(this.folder, 'report.json');
  }

  /** Takes away all that an earlier run has left of a shard, its completion first. */
  remove(shard: number): void {
    for (const path of [this.completion(shard), this.stats(shard), this.documents(shard)]) removeFile(path);
    for (const folder of subfolders(join(this.folder, 'removed')))
      removeFile(join(folder, `${shardName(shard)}.jsonl.gz`));
  }

  /** Takes away the shards of an earlier run that had more inputs. */
  removeFrom(shardCount: number): void {
    const names = ['completions', 'stats', 'documents'].flatMap((name) => namesIn(join(this.folder, name)));
    const numbers = names.flatMap((name) => /^\.?(\d{5,})\.json/.exec(name)?.[1] ?? []).map(Number);
    for (const shard of new Set(numbers)) if (shard >= shardCount) this.remove(shard);
  }
}

function shardName(shard: number): string {
  return String(shard).padStart(5, '0');
}

function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
    rmSync(partialPath(path), { force: true });
  } catch (cause) {
    throw new PipelineError('WRITE_FAILED', `cannot remove the old ${path}: ${messageOf(cause)}`, { cause });
  }
}

function subfolders(folder: string): string[] {
  return namesIn(folder).map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
}
