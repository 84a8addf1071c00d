import { Deduplicator, type RemovedDocument } from '@smol/dedup';
import { readFiltered, sourceOrder } from './filter-source.ts';
import { formatCount } from './format.ts';
import { stopIfAsked, takeTurn, type StepContext } from './step.ts';

/** A duplicate: what it is, and which sources it and the document that stays come from. */
export interface Duplicate extends RemovedDocument {
  source: string;
  duplicateOfSource: string;
}

const TURN_EVERY = 32;

/** Exact and near duplicates over all sources together, by their index in the order of `sourceOrder`. */
export async function findDuplicates(context: StepContext): Promise<Map<number, Duplicate>> {
  const { recipe, runFolder, progress, signal } = context;
  const { dedup } = recipe.curate;
  if (dedup === 'none') return new Map();
  const deduplicator = new Deduplicator({ near: dedup === 'exact' ? false : dedup });
  const sourceOf: string[] = [];
  for (const source of sourceOrder(context)) {
    for await (const document of readFiltered(runFolder, source)) {
      if (sourceOf.length % TURN_EVERY === 0) {
        progress.update('curate', `duplicates: ${formatCount(sourceOf.length)} documents read`);
        await takeTurn(signal);
      }
      deduplicator.add(document);
      sourceOf.push(source);
    }
  }
  stopIfAsked(signal);
  const { removed } = deduplicator.finish();
  return new Map(
    removed.map((removal) => [
      removal.index,
      { ...removal, source: sourceOf[removal.index], duplicateOfSource: sourceOf[removal.duplicateOfIndex] },
    ]),
  );
}
