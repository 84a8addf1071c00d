import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Deduplicator, type RemovedDocument } from '@smol/dedup';
import { JsonlWriter, readJsonl, runPipeline, type Document, type PipelineReport } from '@smol/pipeline';
import { redactPii } from '@smol/quality';
import { globSync } from 'tinyglobby';
import type { CurateOptions } from './curate-worker.ts';
import { curatedPath } from './curated-files.ts';
import { resolvePath } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import { formatCount, formatDuration } from './progress.ts';
import { stopIfAsked } from './run-recipe.ts';
import type { Step, StepContext } from './step.ts';

/** Documents that one step dropped for one reason. */
export interface DroppedDocuments {
  step: string;
  reason: string;
  documents: number;
}

export interface CurateSummary {
  read: number;
  kept: number;
  dropped: DroppedDocuments[];
  redacted: { emails: number; ipAddresses: number };
}

/** Raw inputs to clean, deduplicated documents: FineWeb's filters in parallel, then MinHash over everything, then PII. */
export const curateStep: Step<CurateSummary> = {
  name: 'curate',
  inputs: (context) => {
    const { sources, curate, heldOut } = context.recipe;
    const files = Object.keys(sources).flatMap((source) => findInputs(context, source));
    return [sources, curate, heldOut, files.map((file) => [file, statSync(file).size, statSync(file).mtimeMs])];
  },
  async run(context) {
    const { recipe, runFolder, progress } = context;
    const reports: PipelineReport[] = [];
    for (const source of Object.keys(recipe.sources)) reports.push(await filterSource(context, source));
    const duplicates = await findDuplicates(context);
    const result = await writeDocuments(context, duplicates);
    const dropped = [...reports.flatMap(filterDrops), ...duplicateDrops(duplicates, recipe.heldOut.source)];
    const read = reports.reduce((sum, report) => sum + report.read, 0);
    progress.log(`curate   ${formatCount(result.kept)} of ${formatCount(read)} documents kept, in ${join(runFolder, 'documents')}`);
    return { read, kept: result.kept, dropped: mergeDrops(dropped), redacted: result.redacted };
  },
};

const filteredFolder = (runFolder: string, source: string) => join(runFolder, 'filtered', source);

/** One source through the filters, an input file at a time, on worker threads. */
async function filterSource(context: StepContext, source: string): Promise<PipelineReport> {
  const { recipe, runFolder, threads, progress, signal } = context;
  const { kind, filter } = recipe.sources[source];
  const { preset, languages, bannedUrlWords, bannedDomains, onDamage } = recipe.curate;
  const options: CurateOptions = { kind, filter, preset, languages, bannedUrlWords, bannedDomains, onDamage };
  const inputs = findInputs(context, source);
  try {
    const report = await runPipeline({
      inputs,
      stepsModule: new URL('./curate-worker.js', import.meta.url),
      options,
      outputFolder: filteredFolder(runFolder, source),
      workers: threads,
      signal,
      onProgress: ({ documents, documentsPerSecond, share, secondsLeft }) => {
        const left = secondsLeft === undefined ? '' : `, ${formatDuration(secondsLeft)} left`;
        progress.update(`curate: ${source}, ${formatCount(documents)} documents, ${formatCount(documentsPerSecond)} a second, ${Math.floor(100 * share)} %${left}`);
      },
    });
    progress.log(`curate   ${source}: ${formatCount(report.kept)} of ${formatCount(report.read)} documents are good text`);
    return report;
  } catch (error) {
    stopIfAsked(signal);
    throw error;
  }
}

/** The files of a source, in a fixed order. @throws PretrainError `INPUT_NOT_FOUND` */
function findInputs(context: StepContext, source: string): string[] {
  const found = context.recipe.sources[source].paths.flatMap((path) => {
    const pattern = resolvePath(path, context);
    // A name with special characters that exists is that file, not a pattern.
    const files = existsSync(pattern) ? [pattern] : globSync(pattern.replaceAll('\\', '/'), { absolute: true }).sort();
    if (files.length > 0) return files;
    throw new PretrainError('INPUT_NOT_FOUND', `source "${source}": ${path} matches no file (looked for ${pattern})`);
  });
  return [...new Set(found)];
}

async function* readFiltered(runFolder: string, source: string): AsyncGenerator<Document> {
  const folder = join(filteredFolder(runFolder, source), 'documents');
  for (const file of readdirSync(folder).sort()) yield* readJsonl(join(folder, file));
}

/** A duplicate, by its place: which source, and which document of it. */
interface Duplicate extends RemovedDocument {
  source: string;
  duplicateOfSource: string;
}

/** Held-out documents first, so that nothing like them stays in the other sources. */
function sourceOrder({ recipe }: StepContext): string[] {
  const { source: heldOut } = recipe.heldOut;
  return [heldOut, ...Object.keys(recipe.sources).filter((source) => source !== heldOut)];
}

/** Exact and near duplicates over all sources together. */
async function findDuplicates(context: StepContext): Promise<Map<number, Duplicate>> {
  const { recipe, runFolder, progress, signal } = context;
  const { dedup } = recipe.curate;
  if (dedup === 'none') return new Map();
  const deduplicator = new Deduplicator({ near: dedup === 'exact' ? false : dedup });
  const sourceOf: string[] = [];
  for (const source of sourceOrder(context)) {
    for await (const document of readFiltered(runFolder, source)) {
      stopIfAsked(signal);
      deduplicator.add(document);
      sourceOf.push(source);
      progress.update(`curate: signatures of ${formatCount(sourceOf.length)} documents`);
    }
  }
  const { removed } = deduplicator.finish();
  return new Map(
    removed.map((removal) => [
      removal.index,
      { ...removal, source: sourceOf[removal.index], duplicateOfSource: sourceOf[removal.duplicateOfIndex] },
    ]),
  );
}

/** Writes what is left of each source, addresses replaced; and what was a duplicate, with what it repeats. */
async function writeDocuments(context: StepContext, duplicates: ReadonlyMap<number, Duplicate>): Promise<Pick<CurateSummary, 'kept' | 'redacted'>> {
  const { recipe, runFolder, signal } = context;
  const redacted = { emails: 0, ipAddresses: 0 };
  const training = { documents: 0 };
  let kept = 0;
  let index = 0;
  rmSync(join(runFolder, 'documents'), { recursive: true, force: true });
  const removed = new JsonlWriter(join(runFolder, 'documents/removed.jsonl.gz'));
  for (const source of sourceOrder(context)) {
    const writer = new JsonlWriter(curatedPath(runFolder, source));
    for await (const document of readFiltered(runFolder, source)) {
      stopIfAsked(signal);
      const duplicate = duplicates.get(index++);
      if (duplicate !== undefined) {
        const { kind, duplicateOf, resemblance } = duplicate;
        removed.write({ ...document, metadata: { ...document.metadata, source, duplicate: kind, duplicate_of: duplicateOf, estimated_jaccard: resemblance?.estimatedJaccard } });
        continue;
      }
      const clean = recipe.curate.redactPii ? redactPii(document.text, undefined, { preset: recipe.curate.preset }) : { text: document.text, emails: 0, ipAddresses: 0 };
      redacted.emails += clean.emails;
      redacted.ipAddresses += clean.ipAddresses;
      writer.write({ ...document, text: clean.text });
      kept += 1;
      if (source !== recipe.heldOut.source) training.documents += 1;
    }
    writer.close();
  }
  removed.close();
  if (training.documents === 0) {
    throw new PretrainError(
      'EMPTY_CORPUS',
      `no document is left to train on: all were dropped; see why in ${join(runFolder, 'filtered')}/*/report.json and the texts in */removed`,
    );
  }
  return { kept, redacted };
}

function filterDrops({ unreadable, steps }: PipelineReport): DroppedDocuments[] {
  const rows = (step: string, reasons: Record<string, number>) =>
    Object.entries(reasons).map(([reason, documents]) => ({ step, reason, documents }));
  return [...rows('read', unreadable), ...steps.flatMap(({ name, dropped }) => rows(name, dropped))];
}

function duplicateDrops(duplicates: ReadonlyMap<number, Duplicate>, heldOut: string): DroppedDocuments[] {
  return [...duplicates.values()].map(({ kind, source, duplicateOfSource }) => ({
    step: 'dedup',
    reason: duplicateOfSource === heldOut && source !== heldOut ? 'like_held_out' : kind,
    documents: 1,
  }));
}

/** Equal steps and reasons added up, in the order of the steps, the commonest reason first. */
function mergeDrops(rows: readonly DroppedDocuments[]): DroppedDocuments[] {
  const order = ['read', 'language', 'gopher-repetition', 'gopher-quality', 'c4', 'fineweb', 'dedup'];
  const merged = new Map<string, DroppedDocuments>();
  for (const { step, reason, documents } of rows) {
    const known = merged.get(`${step}:${reason}`)?.documents ?? 0;
    merged.set(`${step}:${reason}`, { step, reason, documents: known + documents });
  }
  return [...merged.values()].sort(
    (a, b) => order.indexOf(a.step) - order.indexOf(b.step) || b.documents - a.documents || (a.reason < b.reason ? -1 : 1),
  );
}
