import type { Recipe } from '../recipe-schema.ts';

/** Something that a recipe cannot be used with, and the key that it is about. */
interface Problem {
  at: readonly PropertyKey[];
  message: string;
}

const cacheMethods = ['top-k', 'sampled'];

/** What the schema cannot say of `distill` and `mtp`. */
export function objectiveProblems({ distill, mtp, train, model }: Recipe): Problem[] {
  return [...(distill ? distillProblems(distill, train, model.layers) : []), ...(mtp ? mtpProblems(mtp) : [])];
}

function distillProblems(
  { teacher, cache, method, k, hidden, engine, alpha }: NonNullable<Recipe['distill']>,
  train: Recipe['train'],
  layers: number,
): Problem[] {
  const problems: Problem[] = [];
  const refuse = (key: string, message: string) =>
    problems.push({ at: ['distill', key], message: `distill: ${message}` });
  if ((teacher === undefined) === (cache === undefined))
    refuse(teacher === undefined ? 'teacher' : 'cache', 'give either teacher or cache');
  if (cache !== undefined && method !== undefined && !cacheMethods.includes(method))
    refuse('method', `a cache is of top-k or sampled, not ${method}`);
  if (teacher !== undefined && method !== undefined && cacheMethods.includes(method))
    refuse('method', `${method} is for caches: a teacher that is asked gives all of its probabilities`);
  if (teacher !== undefined && k !== undefined) refuse('k', 'k is for caches');
  if (cache !== undefined && hidden) refuse('hidden', 'a cache keeps no hidden states; give teacher');
  if (cache !== undefined && engine !== 'shared') refuse('engine', 'a cache needs no engine');
  if (typeof alpha === 'object' && alpha.start > alpha.end) refuse('alpha', 'alpha must start before it ends');
  if (train.zLoss > 0) refuse('alpha', 'train.zLoss is for the plain loss; leave it out');
  const missing = hidden && hidden.layers !== 'uniform' && hidden.layers.find(([layer]) => layer >= layers);
  if (missing) refuse('hidden', `the student has layers 0 to ${layers - 1}, not ${missing[0]}`);
  return problems;
}

function mtpProblems({ heads, stages = [] }: NonNullable<Recipe['mtp']>): Problem[] {
  const odd = stages.find(({ weights, final = weights }) => weights.length !== heads || final.length !== heads);
  const rises = stages.every(({ until }, index) => until > (stages[index - 1]?.until ?? 0));
  const at = ['mtp', 'stages'];
  if (odd) return [{ at, message: `mtp: each stage must have ${heads} weights, one a head, the model itself first` }];
  if (stages.length > 0 && (!rises || stages.at(-1)?.until !== 1))
    return [{ at, message: 'mtp: the stages must rise to until: 1' }];
  return [];
}
