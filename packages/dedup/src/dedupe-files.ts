import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { AtomicFile } from './atomic-file.ts';
import type { TextSink } from './atomic-file.ts';
import { DedupError } from './dedup-error.ts';
import { Deduplicator } from './deduplicator.ts';
import type { DedupeCounts, DedupeOptions, DedupeResult } from './deduplicator.ts';
import { expectedRecall } from './match-probability.ts';
import type { MinHashOptions } from './min-hash-options.ts';
import { nameOf, readDocuments } from './read-documents.ts';
import type { InputFile } from './read-documents.ts';
import { RemovalRecorder } from './removal-recorder.ts';

/** What to read, what to look for, what to write. */
export interface DedupeFilesOptions extends DedupeOptions {
  /** JSON Lines files (`.jsonl`, `.jsonl.gz`, `.jsonl.zst`) of records with a string `text` and perhaps an `id`, in order of preference */
  inputs: readonly InputFile[];
  /** receives the kept records, byte for byte as they were read */
  output?: string | TextSink;
  /** receives the removed records with the explanation in their `metadata` */
  removed?: string;
  /** called now and then with the number of documents read so far */
  onProgress?: (documents: number) => void;
}

/** What was done, for people and programs. */
export interface DedupeFilesReport {
  inputs: readonly string[];
  exact: string | false;
  /** settings with all defaults, or `false` */
  near: MinHashOptions | false;
  counts: DedupeCounts;
  /** expected share of pairs found, by their Jaccard similarity */
  expectedRecall: Record<string, number>;
}

const PROGRESS_INTERVAL = 1000;

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // does not exist yet
  }
}

/** Refuses to write one file over another that takes part. */
function checkPaths(inputs: readonly InputFile[], outputs: readonly string[]): void {
  const taken = new Set(inputs.map((input) => realPath(typeof input === 'string' ? input : input.path)));
  for (const output of outputs) {
    const path = realPath(output);
    if (taken.has(path)) {
      throw new DedupError(
        'OUTPUT_IS_INPUT',
        `${output}: would be written over an input or another output; choose another name`,
      );
    }
    taken.add(path);
  }
}

async function findDuplicates(
  deduplicator: Deduplicator,
  { inputs, onProgress }: DedupeFilesOptions,
): Promise<DedupeResult> {
  let documents = 0;
  for await (const document of readDocuments(inputs)) {
    deduplicator.add(document);
    if (++documents % PROGRESS_INTERVAL === 0) onProgress?.(documents);
  }
  return deduplicator.finish();
}

async function writeResults(
  inputs: readonly InputFile[],
  result: DedupeResult,
  output: TextSink | null,
  recorder: RemovalRecorder | null,
): Promise<void> {
  const removals = new Map(result.removed.map((removal) => [removal.index, removal]));
  let index = 0;
  for await (const document of readDocuments(inputs)) {
    const removal = removals.get(index);
    if (!removal) await output?.write(`${document.line}\n`);
    await recorder?.take(document, index, removal);
    index++;
  }
  if (index !== result.counts.documents) {
    const message = `${inputs.map(nameOf).join(', ')}: had ${result.counts.documents} documents at first, ${index} when read again; run again when they no longer change`;
    throw new DedupError('UNREADABLE_FILE', message);
  }
}

/**
 * Deduplicates JSON Lines files of any size: one pass makes signatures (about 1 kB of memory per document), a second one
 * writes. Files appear under their names only when complete.
 *
 * @throws DedupError; the message names the file and line
 */
export async function dedupeFiles(options: DedupeFilesOptions): Promise<DedupeFilesReport> {
  const { inputs, output, removed, exact = 'text' } = options;
  checkPaths(
    inputs,
    [output, removed].filter((path) => typeof path === 'string'),
  );
  const deduplicator = new Deduplicator(options);
  const result = await findDuplicates(deduplicator, options);
  const outputSink = typeof output === 'string' ? new AtomicFile(output) : (output ?? null);
  const removedSink = removed === undefined ? null : new AtomicFile(removed);
  const sinks = [outputSink, removedSink].filter((sink) => sink !== null);
  try {
    const recorder = removedSink && new RemovalRecorder(result, deduplicator.hasher, removedSink);
    if (sinks.length > 0) await writeResults(inputs, result, outputSink, recorder);
    for (const sink of sinks) await sink.close();
  } catch (error) {
    for (const sink of sinks) await sink.discard();
    throw error;
  }
  const near = deduplicator.hasher?.options ?? false;
  return {
    inputs: inputs.map(nameOf),
    exact: typeof exact === 'function' ? 'custom' : exact,
    near,
    counts: result.counts,
    expectedRecall: near ? expectedRecall(near) : {},
  };
}
