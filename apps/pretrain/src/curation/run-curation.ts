import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { runPipeline, type PipelineReport } from '@smol/pipeline';
import { stringify } from 'yaml';
import { writeFileAtomic } from '../atomic-write.ts';
import type { CurateOptions, FinePdfsOptions } from '../curate-worker.ts';
import { pipelineLine } from '../filter-source.ts';
import type { FinishOptions } from '../finish-worker.ts';
import { formatCount } from '../format.ts';
import { silentProgress, type Progress } from '../progress.ts';
import { lockRun } from '../run-lock.ts';
import { stopIfAsked } from '../step.ts';
import { CurationFolder } from './curation-folder.ts';
import { deduplicateDump } from './deduplicate-dump.ts';
import { findDumps, type Dump, type DumpOverride } from './dump-inputs.ts';
import type { LoadedCuration } from './load-curation.ts';
import { trainQuality } from './train-quality.ts';

/** How a curation is run. */
export interface CurationOptions {
  /** Folder of all runs. Default `runs`. */
  runs?: string;
  /** Data workers. Default: the processors, at most 8. Results do not depend on it. */
  threads?: number;
  /** Default: silence. */
  progress?: Progress;
  /** Stops cleanly; the same call goes on. */
  signal?: AbortSignal;
  /** Files in place of the recipe's. */
  inputs?: DumpOverride;
}

/** What came of a crawl. */
export interface DumpSummary {
  dump: string;
  read: number;
  /** After the filters. */
  filtered: number;
  /** After deduplication. */
  unique: number;
  kept: number;
  tokens?: number;
  /** The data set, in order; paths in the run folder. */
  files: string[];
}

/** What a curation left behind. */
export interface CurationResult {
  /** Absolute path. */
  runFolder: string;
  dumps: DumpSummary[];
}

/** What the steps for one crawl need to know. */
interface Context {
  loaded: LoadedCuration;
  folder: CurationFolder;
  threads: number;
  progress: Progress;
  signal: AbortSignal;
  model: string | undefined;
}

/**
 * Raw crawls to a data set: filters in parallel, MinHash within each crawl out of core, the learned classifier, addresses, tokens.
 * What is finished is not done again; a run that was killed goes on and ends with the same bytes, for any number of threads.
 *
 * @throws PretrainError with the code of what the user can mend; `STOPPED` after a clean stop
 */
export async function runCuration(loaded: LoadedCuration, options: CurationOptions = {}): Promise<CurationResult> {
  const { runs = 'runs', threads = Math.min(8, availableParallelism()), progress = silentProgress } = options;
  const { signal = new AbortController().signal } = options;
  const { curation } = loaded;
  const folder = new CurationFolder(resolve(runs, curation.name));
  const dumps = findDumps(curation, loaded.folder, options.inputs);
  const unlock = lockRun(folder.path);
  try {
    rmSync(folder.summary, { force: true });
    writeFileAtomic(folder.recipe, stringify(curation));
    const model = await findModel(loaded, folder);
    const summaries: DumpSummary[] = [];
    for (const dump of dumps)
      summaries.push(await curateDump(dump, { loaded, folder, threads, progress, signal, model }));
    const result = { runFolder: folder.path, dumps: summaries };
    writeFileAtomic(folder.summary, `${JSON.stringify({ name: curation.name, dumps: summaries }, null, 2)}\n`);
    return result;
  } finally {
    progress.done();
    unlock();
  }
}

/** The classifier's file: the recipe's, or one that is learned first. */
async function findModel(
  { curation, folder: base }: LoadedCuration,
  folder: CurationFolder,
): Promise<string | undefined> {
  const { quality } = curation;
  if (quality === undefined) return undefined;
  if (quality.model !== undefined) return resolve(base, quality.model);
  return trainQuality(resolve(base, quality.labelled!), folder, quality);
}

async function curateDump(dump: Dump, context: Context): Promise<DumpSummary> {
  const { loaded, folder, threads, progress, signal } = context;
  const { dedup } = loaded.curation;
  const startedAt = performance.now();
  stopIfAsked(signal);
  const filtered = await filterDump(dump, context);
  let files = documentFiles(filtered, folder.filtered(dump.name));
  let unique = filtered.kept;
  stopIfAsked(signal);
  if (dedup !== 'none' && files.length > 0) {
    progress.log('curate', `${dump.name}: looking for repeats among ${formatCount(filtered.kept)} documents`);
    const found = await deduplicateDump(files, folder.dedup(dump.name), dedup, {
      workers: threads,
      signal,
      onProgress: ({ stage, done, total }) =>
        progress.update('curate', `${dump.name}: repeats, ${stage} ${Math.floor((100 * done) / Math.max(1, total))} %`),
    });
    files = found.files;
    unique -= found.removed;
  }
  stopIfAsked(signal);
  const finished = await finishDump(dump.name, files, context);
  const { kept, steps } = finished;
  const tokens = steps.find(({ name }) => name === 'tokens')?.counts.tokens;
  const seconds = (performance.now() - startedAt) / 1000;
  const result = `${dump.name}: ${formatCount(kept)} of ${formatCount(filtered.read)} documents kept`;
  progress.finish('curate', { seconds }, result);
  return {
    dump: dump.name,
    read: filtered.read,
    filtered: filtered.kept,
    unique,
    kept,
    ...(tokens !== undefined && { tokens }),
    files: documentFiles(finished, join('output', dump.name)),
  };
}

function documentFiles({ tasks }: PipelineReport, folder: string): string[] {
  return tasks.flatMap(({ documents }) => documents.map((file) => join(folder, file)));
}

async function filterDump({ name, inputs }: Dump, context: Context): Promise<PipelineReport> {
  const { loaded, folder, threads, progress, signal } = context;
  return pipeline(signal, {
    inputs,
    stepsModule: new URL('./curate-worker.js', import.meta.url),
    options: filterOptions(loaded, name),
    outputFolder: folder.filtered(name),
    workers: threads,
    restart: 'if-changed',
    signal,
    onProgress: (state) => progress.update('curate', pipelineLine(name, state)),
  });
}

function filterOptions({ curation, folder }: LoadedCuration, dump: string): CurateOptions | FinePdfsOptions {
  const { kind, preset, languages, languageThreshold, redactPii, ocr, onDamage } = curation;
  if (kind === 'pdf') return { kind: 'finepdfs', preset, languages, languageThreshold, redactPii, ocr, onDamage, dump };
  const { lists, ...entries } = curation.urls;
  const urls = { lists: lists.map((list) => resolve(folder, list)), ...entries };
  return { kind: 'warc', filter: true, preset, languages, languageThreshold, urls, onDamage, dump };
}

async function finishDump(name: string, inputs: readonly string[], context: Context): Promise<PipelineReport> {
  const { loaded, folder, threads, progress, signal, model } = context;
  const { quality, redactPii, countTokens, preset, output, kind } = loaded.curation;
  const options: FinishOptions = {
    ...(model !== undefined && { quality: { model, minimum: quality!.minimum, modelHash: hashFile(model) } }),
    // FinePDFs' own steps have done it page by page.
    redactPii: redactPii && kind === 'web',
    countTokens,
    preset,
  };
  const { format, fileMegabytes } = output;
  return pipeline(signal, {
    inputs,
    stepsModule: new URL('./finish-worker.js', import.meta.url),
    options,
    outputFolder: folder.output(name),
    output: {
      path: `documents/\${rank}.${format}`,
      ...(fileMegabytes !== undefined && { fileBytes: fileMegabytes * 1e6 }),
    },
    workers: threads,
    restart: 'if-changed',
    signal,
    onProgress: (state) => progress.update('curate', pipelineLine(name, state)),
  });
}

function hashFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** The pipeline's own word for a stop is about its tasks. */
async function pipeline(signal: AbortSignal, options: Parameters<typeof runPipeline>[0]): Promise<PipelineReport> {
  try {
    return await runPipeline(options);
  } catch (error) {
    stopIfAsked(signal);
    throw error;
  }
}

/** What a finished curation has to say of itself. */
export function formatCuration({ runFolder, dumps }: CurationResult): string {
  const lines = dumps.map(({ dump, read, filtered, unique, kept, tokens }) => {
    const rest = tokens === undefined ? '' : `, ${formatCount(tokens)} tokens`;
    return `${dump}  ${formatCount(read)} read, ${formatCount(filtered)} after filters, ${formatCount(unique)} without repeats, ${formatCount(kept)} kept${rest}`;
  });
  return `${lines.join('\n')}\n${join(runFolder, 'output')}\nsmol-pretrain funnel ${join('runs', basename(runFolder))} shows what went where\n`;
}
