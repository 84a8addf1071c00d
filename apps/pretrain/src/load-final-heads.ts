import type { ModelConfig } from '@smol/model';
import { isHeadParameter, restoreHeadTensors } from '@smol/mtp';
import type { SavedHeads } from './heads-file.ts';
import { makeHeads } from './make-heads.ts';
import type { StepContext } from './step.ts';
import { newestWeights } from './train.ts';

/** The heads as training left them, from the newest checkpoint; undefined when the recipe has none. */
export async function loadFinalHeads(
  { recipe, runFolder }: StepContext,
  config: ModelConfig,
): Promise<SavedHeads | undefined> {
  if (!recipe.mtp) return undefined;
  const heads = makeHeads(recipe.mtp, config, recipe.seed);
  const weights = await newestWeights(runFolder);
  restoreHeadTensors(heads, new Map([...weights].filter(([name]) => isHeadParameter(name))));
  return { shape: recipe.mtp, heads };
}
