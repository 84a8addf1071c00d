import { join } from 'node:path';
import { PretrainError } from './pretrain-error.ts';
import type { Recipe } from './recipe-schema.ts';

/**
 * Stops before anything is built on sources that curation left empty.
 *
 * @param kept documents left, by source
 * @throws PretrainError `EMPTY_CORPUS` naming the sources, where the reasons are, and what can be done
 */
export function checkSourcesHaveText(
  { recipe, runFolder }: { recipe: Recipe; runFolder: string },
  kept: Readonly<Record<string, number>>,
): void {
  const isEmpty = (source: string) => (kept[source] ?? 0) === 0;
  const trainedOn = [...new Set(recipe.train.stages.flatMap(({ mixture }) => Object.keys(mixture)))];
  const { source: heldOut } = recipe.heldOut;
  const empty = [heldOut, ...trainedOn].filter(isEmpty);
  if (empty.length === 0) return;
  const names = empty.map((source) => `"${source}"`).join(', ');
  const what = trainedOn.every(isEmpty)
    ? 'no document is left to train on'
    : `no document is left of ${empty.length === 1 ? 'the source' : 'the sources'} ${names}: it held none, or all were dropped`;
  const where = join(runFolder, 'filtered', empty.length === 1 ? empty[0] : 'SOURCE');
  const mend = empty.includes(heldOut)
    ? 'or give the held-out source other documents'
    : 'or take the source out of the mixtures';
  throw new PretrainError(
    'EMPTY_CORPUS',
    `${what}\n` +
      `  why: ${join(where, 'report.json')}, the texts in removed/ beside it; repeats in ${join(runFolder, 'duplicates.jsonl.gz')}\n` +
      `  change curate.languages, set filter: false for a source that can be trusted, ${mend}`,
  );
}
