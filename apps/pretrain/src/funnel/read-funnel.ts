import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { PipelineReport } from '@smol/pipeline';
import { PretrainError } from '../pretrain-error.ts';
import type { Funnel, FunnelReason, FunnelStage } from './funnel.ts';
import { sampleDocuments, sampleFile } from './sample-documents.ts';

/** What is known of one source or crawl. */
interface Source {
  name: string;
  read: number;
  kept: number;
  stages: FunnelStage[];
}

/**
 * The way of the documents of a run: of `smol-pretrain curate`, or of the curation step of `smol-pretrain run`.
 *
 * @param samples at most so many documents for each reason
 * @throws PretrainError `RUN_NOT_FOUND`, `STEP_MISSING` when the filters have not finished
 */
export async function readFunnel(folder: string, samples = 2): Promise<Funnel> {
  const runFolder = resolve(folder);
  const filtered = join(runFolder, 'filtered');
  if (!existsSync(filtered)) {
    throw new PretrainError(
      'RUN_NOT_FOUND',
      `${folder} has no filtered/; runs with one are made by: smol-pretrain curate RECIPE`,
    );
  }
  const names = readdirSync(filtered).sort();
  const sources: Source[] = [];
  for (const name of names) sources.push(await readSource(runFolder, name, samples));
  const stages = mergeStages(sources, samples);
  const acrossSources = await readDuplicates(runFolder, samples);
  if (acrossSources !== undefined) {
    const documents = acrossSources.reduce((sum, reason) => sum + reason.documents, 0);
    const before = stages.at(-1)?.out ?? 0;
    stages.push({ step: 'dedup', in: before, out: before - documents, reasons: acrossSources });
  }
  const read = sources.reduce((sum, source) => sum + source.read, 0);
  return {
    name: basename(runFolder),
    sources: sources.map((source) => ({ name: source.name, read: source.read, kept: source.kept })),
    read,
    kept: stages.at(-1)?.out ?? read,
    stages,
  };
}

async function readSource(runFolder: string, name: string, samples: number): Promise<Source> {
  const filtered = join(runFolder, 'filtered', name);
  const report = readReport<PipelineReport>(join(filtered, 'report.json'));
  if (report === undefined) {
    throw new PretrainError(
      'STEP_MISSING',
      `${filtered} is not finished: run the same command again, it goes on from there`,
    );
  }
  const stages = [readStage(report), ...(await pipelineStages(report, filtered, samples))];
  const dedup = join(runFolder, 'dedup', name);
  const repeats = readReport<{ counts: { kept: number; removed: number } }>(join(dedup, 'report.json'));
  if (repeats !== undefined) {
    const { kept, removed } = repeats.counts;
    const reasons =
      removed === 0
        ? []
        : [
            {
              reason: 'near_duplicate',
              documents: removed,
              samples: await sampleDocuments(join(dedup, 'removed'), samples),
            },
          ];
    stages.push({ step: 'dedup', in: kept + removed, out: kept, reasons });
  }
  const output = join(runFolder, 'output', name);
  const finished = readReport<PipelineReport>(join(output, 'report.json'));
  if (finished !== undefined) stages.push(...(await pipelineStages(finished, output, samples)));
  return { name, read: report.read, kept: stages.at(-1)!.out, stages };
}

function readReport<Report>(path: string): Report | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Report) : undefined;
}

/** Records of which the reader could make nothing: there is no document to show. */
function readStage({ read, unreadable }: PipelineReport): FunnelStage {
  const reasons = Object.entries(unreadable).map(([reason, documents]) => ({ reason, documents, samples: [] }));
  const lost = reasons.reduce((sum, { documents }) => sum + documents, 0);
  return { step: 'read', in: read, out: read - lost, reasons: sortReasons(reasons) };
}

async function pipelineStages(report: PipelineReport, folder: string, samples: number): Promise<FunnelStage[]> {
  const stages: FunnelStage[] = [];
  for (const { name, in: before, out, dropped } of report.steps) {
    const reasons: FunnelReason[] = [];
    for (const [reason, documents] of Object.entries(dropped)) {
      const removed = join(folder, 'removed', `${name}.${reason}`);
      reasons.push({ reason, documents, samples: await sampleDocuments(removed, samples) });
    }
    // Steps that only rewrite are no part of a funnel.
    if (reasons.length > 0 || !['pii', 'tokens'].includes(name)) {
      stages.push({ step: name, in: before, out, reasons: sortReasons(reasons) });
    }
  }
  return stages;
}

/** Duplicates over all sources together, as the curation step of whole runs leaves them. */
async function readDuplicates(runFolder: string, samples: number): Promise<FunnelReason[] | undefined> {
  const path = join(runFolder, 'steps', 'curate.json');
  const completion = readReport<{ summary: { dropped: { step: string; reason: string; documents: number }[] } }>(path);
  if (completion === undefined) return undefined;
  const reasons: FunnelReason[] = [];
  for (const { step, reason, documents } of completion.summary.dropped) {
    if (step !== 'dedup') continue;
    const shown = await sampleFile(
      join(runFolder, 'duplicates.jsonl.gz'),
      samples,
      ({ metadata }) => metadata.duplicate === reason,
    );
    reasons.push({ reason, documents, samples: shown });
  }
  return sortReasons(reasons);
}

/** The same steps of all sources added up. Documents of a source that lacks a step pass it by. */
function mergeStages(sources: readonly Source[], samples: number): FunnelStage[] {
  const order: string[] = [];
  const merged = new Map<string, FunnelStage>();
  for (const { stages } of sources) {
    for (const [index, stage] of stages.entries()) {
      const known = merged.get(stage.step);
      merged.set(stage.step, known === undefined ? stage : addStages(known, stage, samples));
      // A new step has its place behind the one before it.
      if (known === undefined) order.splice(index === 0 ? 0 : order.indexOf(stages[index - 1].step) + 1, 0, stage.step);
    }
  }
  let left = sources.reduce((sum, { read }) => sum + read, 0);
  return order.map((step) => {
    const { reasons } = merged.get(step)!;
    const before = left;
    left -= reasons.reduce((sum, { documents }) => sum + documents, 0);
    return { step, in: before, out: left, reasons };
  });
}

function addStages(one: FunnelStage, other: FunnelStage, samples: number): FunnelStage {
  const reasons = new Map(one.reasons.map((reason) => [reason.reason, reason]));
  for (const { reason, documents, samples: shown } of other.reasons) {
    const known = reasons.get(reason) ?? { reason, documents: 0, samples: [] };
    const both = [...known.samples, ...shown].slice(0, samples);
    reasons.set(reason, { reason, documents: known.documents + documents, samples: both });
  }
  return {
    step: one.step,
    in: one.in + other.in,
    out: one.out + other.out,
    reasons: sortReasons([...reasons.values()]),
  };
}

function sortReasons(reasons: readonly FunnelReason[]): FunnelReason[] {
  return reasons.toSorted((a, b) => b.documents - a.documents || (a.reason < b.reason ? -1 : 1));
}
