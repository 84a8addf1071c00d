import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LoadedRecipe } from '../load-recipe.ts';
import type { Finding } from './make-plan.ts';

/** What a run learns beside the plain next token, in a line; undefined when that is all. */
export function describeObjectives({ distill, mtp }: LoadedRecipe['recipe']): string | undefined {
  const parts: string[] = [];
  if (distill) {
    const { teacher, cache, alpha, temperature, hidden, method } = distill;
    const share = typeof alpha === 'number' ? `${alpha}` : `${alpha.from} → ${alpha.to}`;
    const from =
      cache === undefined ? `the teacher ${teacher} (${method ?? 'forward'} divergence)` : `the caches in ${cache}`;
    parts.push(`from ${from}, alpha ${share}, temperature ${temperature}${hidden ? ', with hidden states' : ''}`);
  }
  if (mtp) parts.push(`${mtp.heads} tokens ahead by ${mtp.kind} heads`);
  return parts.length > 0 ? parts.join('; ') : undefined;
}

/** Teachers and caches that are not there. */
export function objectiveFindings(
  { distill, train }: LoadedRecipe['recipe'],
  folder: string,
  runFolder: string,
): Finding[] {
  if (!distill) return [];
  const { teacher, cache } = distill;
  const path = resolve(folder, (cache ?? teacher ?? '').replace('$RUN', runFolder));
  if (cache === undefined) {
    const isModel = [path, join(path, 'model')].some((one) => existsSync(join(one, 'config.json')));
    return isModel ? [] : [{ kind: 'problem', message: `the teacher ${path} is not there, or holds no model` }];
  }
  const sources = new Set(train.stages.flatMap(({ mixture }) => Object.keys(mixture)));
  const missing = [...sources].filter((name) => !existsSync(join(path, `${name}.ds.teacher`)));
  if (missing.length === 0) return [];
  const message = `no teacher cache of ${missing.slice(0, 4).join(', ')} in ${path}: run up to the step tokenize, then smol-pretrain distill-cache`;
  // Caches beside the run's own shards cannot be there before these.
  return [{ kind: existsSync(join(runFolder, 'tokens')) ? 'problem' : 'note', message }];
}
