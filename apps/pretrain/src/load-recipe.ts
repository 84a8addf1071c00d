import { dirname, resolve } from 'node:path';
import { checkRecipe, readRecipe, type Problem } from './check-recipe.ts';
import { objectiveProblems } from './objectives/objective-problems.ts';
import { recipeSchema, type Recipe } from './recipe-schema.ts';

/** A checked recipe and where its relative paths start. */
export interface LoadedRecipe {
  recipe: Recipe;
  path: string;
  folder: string;
}

/**
 * Reads, parses and checks a recipe.
 *
 * @throws PretrainError `RECIPE_NOT_FOUND`, or `RECIPE_INVALID` with file, line and what was expected
 */
export function loadRecipe(path: string): LoadedRecipe {
  const absolute = resolve(path);
  return { recipe: parseRecipe(readRecipe(absolute, path), path), path: absolute, folder: dirname(absolute) };
}

/** Parses and checks the text of a recipe; `name` is what messages call it. */
export function parseRecipe(text: string, name: string): Recipe {
  return checkRecipe(text, name, recipeSchema, referenceProblems);
}

/** What a schema cannot say: mixtures and the held-out source name sources that exist, and shapes fit together. */
function referenceProblems(recipe: Recipe): Problem[] {
  return [...sourceProblems(recipe), ...shapeProblems(recipe), ...objectiveProblems(recipe)];
}

function sourceProblems({ sources, heldOut, train }: Recipe): Problem[] {
  const known = Object.keys(sources);
  const missing = (source: string) => `there is no source "${source}"; sources are ${known.join(', ')}`;
  const problems: Problem[] = [];
  if (!known.includes(heldOut.source)) {
    problems.push({ at: ['heldOut', 'source'], message: `heldOut.source: ${missing(heldOut.source)}` });
  }
  for (const [index, { name, mixture }] of train.stages.entries()) {
    const at = ['train', 'stages', index, 'mixture'];
    const where = `train.stages (${name})`;
    if (Object.keys(mixture).length === 0) problems.push({ at, message: `${where}: the mixture has no source` });
    for (const source of Object.keys(mixture)) {
      const message = source === heldOut.source ? `"${source}" is held out, not to be trained on` : missing(source);
      if (source === heldOut.source || !known.includes(source)) {
        problems.push({ at: [...at, source], message: `${where}: ${message}` });
      }
    }
  }
  return problems;
}

function shapeProblems({ model, train }: Recipe): Problem[] {
  const { hiddenSize, attentionHeads, keyValueHeads } = model;
  const problems: Problem[] = [];
  if (hiddenSize % (2 * attentionHeads) !== 0) {
    problems.push({
      at: ['model', 'hiddenSize'],
      message: `model: hiddenSize ${hiddenSize} must be an even multiple of attentionHeads ${attentionHeads}`,
    });
  }
  if (attentionHeads % keyValueHeads !== 0) {
    problems.push({
      at: ['model', 'attentionHeads'],
      message: `model: attentionHeads ${attentionHeads} must be a multiple of keyValueHeads ${keyValueHeads}`,
    });
  }
  if (train.optimizer !== 'adamw' && !train.muon) {
    const message = `train: optimizer ${train.optimizer} needs the key muon, with its learningRate`;
    problems.push({ at: ['train', 'optimizer'], message });
  }
  problems.push(...batchProblems(train));
  const steps = train.stages.reduce((sum, stage) => sum + stage.steps, 0);
  if (train.warmupSteps + train.decaySteps > steps) {
    problems.push({
      at: ['train', 'warmupSteps'],
      message: `train: warmupSteps + decaySteps exceed the ${steps} steps of all stages`,
    });
  }
  return problems;
}

/** Batches that change with the step begin at 0 and ascend; micro-batches divide each of them. */
function batchProblems({ batchSize, microBatchRows = 1 }: Recipe['train']): Problem[] {
  const changes = typeof batchSize === 'number' ? [{ fromStep: 0, rows: batchSize }] : batchSize;
  const at = ['train', 'batchSize'];
  const isAscending = changes.every(({ fromStep }, index) =>
    index === 0 ? fromStep === 0 : fromStep > changes[index - 1].fromStep,
  );
  if (!isAscending) return [{ at, message: 'train.batchSize: changes must begin with fromStep: 0 and ascend' }];
  const odd = changes.find(({ rows }) => rows % microBatchRows !== 0);
  if (odd === undefined) return [];
  return [
    {
      at: ['train', 'microBatchRows'],
      message: `train: microBatchRows ${microBatchRows} must divide the ${odd.rows} rows of a batch`,
    },
  ];
}
