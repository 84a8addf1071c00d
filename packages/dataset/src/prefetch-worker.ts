import { parentPort, workerData } from 'node:worker_threads';
import { BatchLoader, type BatchLoaderOptions } from './batch-loader.ts';
import type { Batch } from './batch.ts';
import { DatasetError } from './dataset-error.ts';
import type { LoaderState } from './loader-state.ts';
import { TokenShard } from './token-shard.ts';

/** What a reading thread is made with. */
export interface PrefetchSetup extends Omit<BatchLoaderOptions, 'sources' | 'onWarning'> {
  readonly sources: Readonly<Record<string, readonly string[]>>;
}

/** What it is asked: answers carry the generation of the question, so that outdated ones can be told. */
export type Request =
  | { readonly kind: 'next'; readonly generation: number }
  | { readonly kind: 'restore'; readonly generation: number; readonly state: LoaderState };

/** What it answers to `next`. */
export type Answer =
  | { readonly generation: number; readonly batch: Batch }
  | { readonly generation: number; readonly error: { readonly code?: string; readonly message: string } };

const setup = workerData as PrefetchSetup;
const sources = Object.entries(setup.sources).map(
  ([name, paths]) => [name, paths.map((path) => TokenShard.open(path))] as const,
);
const loader = new BatchLoader({ ...setup, sources: Object.fromEntries(sources) });

parentPort?.on('message', (request: Request) => {
  if (request.kind === 'restore') return loader.restore(request.state);
  const { generation } = request;
  try {
    const batch = loader.next();
    const buffers = [batch.inputs, batch.targets, batch.segments].map(({ buffer }) => buffer as ArrayBuffer);
    parentPort?.postMessage({ generation, batch } satisfies Answer, buffers);
  } catch (error) {
    const code = error instanceof DatasetError ? error.code : undefined;
    const { message } = error as Error;
    parentPort?.postMessage({ generation, error: { code, message } } satisfies Answer, []);
  }
});
