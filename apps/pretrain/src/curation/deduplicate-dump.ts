import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DedupError, type MinHashFilesOptions, type StageProgress } from '@smol/dedup';
import type { DedupMessage } from '../dedup-worker.ts';
import { stopIfAsked } from '../step.ts';
import type { Curation } from './curation-schema.ts';

/** What deduplication of a crawl did. */
export interface DedupResult {
  /** Files of kept documents, in order. */
  files: string[];
  removed: number;
}

/** How it is done. */
export interface DedupDumpOptions {
  workers: number;
  signal: AbortSignal;
  onProgress?: (progress: StageProgress) => void;
}

/**
 * Near duplicates within a crawl, out of core. A run that was killed goes on; where its inputs are others by now, it begins anew.
 *
 * @throws PretrainError `STOPPED` as soon as the user wants to stop; DedupError
 */
export async function deduplicateDump(
  files: readonly string[],
  folder: string,
  preset: Exclude<Curation['dedup'], 'none'>,
  options: DedupDumpOptions,
): Promise<DedupResult> {
  const settings = { inputs: files, folder, preset, clusterIds: true, workers: options.workers };
  const removed = await removeInThread(settings, options).catch((error: unknown) => {
    if (!(error instanceof DedupError) || error.code !== 'RUN_MISMATCH') throw error;
    rmSync(folder, { recursive: true, force: true });
    return removeInThread(settings, options);
  });
  const kept = join(folder, 'kept');
  const names = existsSync(kept) ? readdirSync(kept).sort() : [];
  return { files: names.map((name) => join(kept, name)), removed };
}

/** The thread beside this module; from the sources it is the built one, as threads of Node 20 run JavaScript only. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? '../../dist/dedup-worker.js' : './dedup-worker.js', import.meta.url);
}

/** How many documents were removed. The thread is ended when the user wants to stop, whatever it is at. */
async function removeInThread(
  settings: MinHashFilesOptions,
  { signal, onProgress }: DedupDumpOptions,
): Promise<number> {
  stopIfAsked(signal);
  const worker = new Worker(workerUrl(), { workerData: settings, execArgv: [] });
  const end = () => void worker.terminate();
  signal.addEventListener('abort', end);
  try {
    return await new Promise<number>((resolve, reject) => {
      worker.on('message', (message: DedupMessage) => {
        if (message.kind === 'progress') onProgress?.(message.progress);
        else if (message.kind === 'removed') resolve(message.removed);
        else reject(new DedupError(message.code, message.message));
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new DedupError('WORKER_FAILED', 'the thread that looks for repeats has ended')));
    });
  } catch (error) {
    stopIfAsked(signal);
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}
