import { dirname, resolve } from 'node:path';
import { checkRecipe, readRecipe, type Problem } from '../check-recipe.ts';
import { curationSchema, type Curation } from './curation-schema.ts';

/** A checked curation recipe and where its relative paths start. */
export interface LoadedCuration {
  curation: Curation;
  path: string;
  folder: string;
}

/**
 * Reads, parses and checks a curation recipe.
 *
 * @throws PretrainError `RECIPE_NOT_FOUND`, or `RECIPE_INVALID` with file, line and what was expected
 */
export function loadCuration(path: string): LoadedCuration {
  const absolute = resolve(path);
  return { curation: parseCuration(readRecipe(absolute, path), path), path: absolute, folder: dirname(absolute) };
}

/** Parses and checks the text of a curation recipe; `name` is what messages call it. */
export function parseCuration(text: string, name: string): Curation {
  return checkRecipe(text, name, curationSchema, problemsOf);
}

/** What the schema cannot say. */
function problemsOf({ dumps, quality }: Curation): Problem[] {
  const problems: Problem[] = [];
  if (Object.keys(dumps).length === 0) problems.push({ at: ['dumps'], message: 'dumps: there is no crawl in it' });
  if (quality && (quality.model === undefined) === (quality.labelled === undefined)) {
    problems.push({ at: ['quality'], message: 'quality: needs model or labelled, and not both' });
  }
  return problems;
}
