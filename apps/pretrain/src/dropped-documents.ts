import type { PipelineReport } from '@smol/pipeline';
import type { Duplicate } from './find-duplicates.ts';

/** Documents that one step dropped for one reason. */
export interface DroppedDocuments {
  step: string;
  reason: string;
  documents: number;
}

/** Steps of curation, in the order in which documents meet them. */
const stepOrder = [
  'read',
  'url',
  'extract',
  'language',
  'gopher-repetition',
  'gopher-quality',
  'c4',
  'fineweb',
  'dedup',
];

/** Why a duplicate goes: training must not see what evaluation is made of, whatever kind of copy it is. */
export function duplicateReason(
  { kind, source, duplicateOfSource }: Pick<Duplicate, 'kind' | 'source' | 'duplicateOfSource'>,
  heldOut: string,
): string {
  return duplicateOfSource === heldOut && source !== heldOut ? 'like_held_out' : kind;
}

/** What filters and deduplication dropped: in the order of the steps, the commonest reason of each first. */
export function countDrops(
  reports: Iterable<Pick<PipelineReport, 'unreadable' | 'steps'>>,
  duplicates: Iterable<Pick<Duplicate, 'kind' | 'source' | 'duplicateOfSource'>>,
  heldOut: string,
): DroppedDocuments[] {
  const counts = new Map<string, DroppedDocuments>();
  const add = (step: string, reason: string, documents: number) => {
    const known = counts.get(`${step}:${reason}`)?.documents ?? 0;
    counts.set(`${step}:${reason}`, { step, reason, documents: known + documents });
  };
  for (const { unreadable, steps } of reports) {
    for (const [reason, documents] of Object.entries(unreadable)) add('read', reason, documents);
    for (const { name, dropped } of steps) {
      for (const [reason, documents] of Object.entries(dropped)) add(name, reason, documents);
    }
  }
  for (const duplicate of duplicates) add('dedup', duplicateReason(duplicate, heldOut), 1);
  return [...counts.values()].sort(
    (a, b) =>
      stepOrder.indexOf(a.step) - stepOrder.indexOf(b.step) ||
      b.documents - a.documents ||
      (a.reason < b.reason ? -1 : 1),
  );
}
