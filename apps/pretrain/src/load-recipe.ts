import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { ZodError } from 'zod';
import { PretrainError } from './pretrain-error.ts';
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
  if (!existsSync(absolute)) throw new PretrainError('RECIPE_NOT_FOUND', `recipe ${path} does not exist`);
  return { recipe: parseRecipe(readFileSync(absolute, 'utf8'), path), path: absolute, folder: dirname(absolute) };
}

/** Parses and checks the text of a recipe; `name` is what messages call it. */
export function parseRecipe(text: string, name: string): Recipe {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  if (document.errors.length > 0) {
    throw new PretrainError('RECIPE_INVALID', `${name} is not valid YAML: ${document.errors[0].message}`);
  }
  const lineOf = (keys: PropertyKey[]): number => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    return node?.range ? lines.linePos(node.range[0]).line : keys.length > 0 ? lineOf(keys.slice(0, -1)) : 1;
  };
  const result = recipeSchema.safeParse(document.toJS());
  if (!result.success) {
    throw new PretrainError('RECIPE_INVALID', `recipe ${name} cannot be used:\n${explain(result.error, lineOf)}`);
  }
  checkReferences(result.data, name);
  return result.data;
}

/** One line a problem: where it stands, what it is, and for unknown keys which ones. */
function explain(error: ZodError, lineOf: (keys: PropertyKey[]) => number): string {
  return error.issues
    .map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path;
      const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
      return `  line ${lineOf(keys)}: ${where}${issue.message}`;
    })
    .join('\n');
}

/** What a schema cannot say: mixtures and the held-out source name sources that exist, and shapes fit together. */
function checkReferences(recipe: Recipe, name: string): void {
  const fail = (message: string): never => {
    throw new PretrainError('RECIPE_INVALID', `recipe ${name} cannot be used:\n  ${message}`);
  };
  const known = Object.keys(recipe.sources);
  if (!known.includes(recipe.heldOut.source)) {
    fail(`heldOut.source: there is no source "${recipe.heldOut.source}"; sources are ${known.join(', ')}`);
  }
  for (const stage of recipe.train.stages) {
    for (const source of Object.keys(stage.mixture)) {
      if (source === recipe.heldOut.source) fail(`train.stages (${stage.name}): "${source}" is held out, not to be trained on`);
      if (!known.includes(source)) {
        fail(`train.stages (${stage.name}): there is no source "${source}"; sources are ${known.join(', ')}`);
      }
    }
  }
  const { hiddenSize, attentionHeads, keyValueHeads } = recipe.model;
  if (hiddenSize % (2 * attentionHeads) !== 0) {
    fail(`model: hiddenSize ${hiddenSize} must be an even multiple of attentionHeads ${attentionHeads}`);
  }
  if (attentionHeads % keyValueHeads !== 0) {
    fail(`model: attentionHeads ${attentionHeads} must be a multiple of keyValueHeads ${keyValueHeads}`);
  }
  const steps = recipe.train.stages.reduce((sum, stage) => sum + stage.steps, 0);
  if (recipe.train.warmupSteps + recipe.train.decaySteps > steps) {
    fail(`train: warmupSteps + decaySteps exceed the ${steps} steps of all stages`);
  }
}

/** A path of a recipe as an absolute path or pattern: `$RUN` is the run folder, relative paths start at the recipe. */
export function resolvePath(path: string, { folder, runFolder }: { folder: string; runFolder: string }): string {
  const expanded = path.replace(/^\$RUN(?=[/\\]|$)/, () => runFolder);
  return isAbsolute(expanded) ? expanded : resolve(folder, expanded);
}
