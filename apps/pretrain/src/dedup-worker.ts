// Runs as a thread of its own, so that it can be ended at any moment: its files are whole at all times, and a later run goes on.
import { parentPort, workerData } from 'node:worker_threads';
import {
  DedupError,
  minHashFiles,
  type DedupErrorCode,
  type MinHashFilesOptions,
  type StageProgress,
} from '@smol/dedup';

/** What the thread says: how far it is, how many documents it has removed, or what went wrong. */
export type DedupMessage =
  | { kind: 'progress'; progress: StageProgress }
  | { kind: 'removed'; removed: number }
  | { kind: 'error'; code: DedupErrorCode; message: string };

const say = (message: DedupMessage) => parentPort!.postMessage(message);

try {
  const onProgress = (progress: StageProgress) => say({ kind: 'progress', progress });
  const { counts } = await minHashFiles({ ...(workerData as MinHashFilesOptions), onProgress });
  say({ kind: 'removed', removed: counts.removed });
} catch (error) {
  if (!(error instanceof DedupError)) throw error;
  say({ kind: 'error', code: error.code, message: error.message });
}
