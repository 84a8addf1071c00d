import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DedupError, minHashFiles, type MinHashFilesOptions } from '@smol/dedup';
import type { Curation } from './curation-schema.ts';

/** What deduplication of a crawl did. */
export interface DedupResult {
  /** Files of kept documents, in order. */
  files: string[];
  removed: number;
}

/**
 * Near duplicates within a crawl, out of core. A run that was killed goes on; where its inputs are others by now, it begins anew.
 */
export async function deduplicateDump(
  files: readonly string[],
  folder: string,
  preset: Exclude<Curation['dedup'], 'none'>,
  options: Pick<MinHashFilesOptions, 'workers' | 'onProgress'>,
): Promise<DedupResult> {
  const run = () => minHashFiles({ inputs: files, folder, preset, clusterIds: true, ...options });
  const report = await run().catch((error: unknown) => {
    if (!(error instanceof DedupError) || error.code !== 'RUN_MISMATCH') throw error;
    rmSync(folder, { recursive: true, force: true });
    return run();
  });
  const kept = join(folder, 'kept');
  const names = existsSync(kept) ? readdirSync(kept).sort() : [];
  return { files: names.map((name) => join(kept, name)), removed: report.counts.removed };
}
