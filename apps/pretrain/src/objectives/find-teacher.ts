import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { TeacherCaches, hashFiles } from '@smol/distill/node';
import { sharedTeacher, type CachedTeacher, type OnlineTeacher } from '@smol/distill';
import type { SmolLM } from '@smol/model';
import { loadModel } from '@smol/model/node';
import type { Tokenizer } from '@smol/tokenizer';
import { cachePath } from '../distill-cache/cache-path.ts';
import { modelFolder, teacherTokenizer, tokenizerFingerprint } from '../distill-cache/tokenizer-fingerprint.ts';
import { PretrainError } from '../pretrain-error.ts';
import type { StepContext } from '../step.ts';
import { shardPath } from '../tokenize.ts';
import type { DistillRecipe } from './objective-schema.ts';
import { startTeacher } from './separate-teacher.ts';

/** The teacher of a run. */
export interface FoundTeacher {
  teacher: CachedTeacher | OnlineTeacher;
  /** softening of both sides */
  temperature: number;
  /** width and layers of a teacher that is asked */
  shape?: { width: number; layers: number };
  close(): void;
}

/** A path of a recipe. */
function pathOf({ folder, runFolder }: StepContext, path: string): string {
  return resolve(folder, path.replace('$RUN', runFolder));
}

/**
 * Opens the teacher that a recipe names, or its caches.
 *
 * @throws PretrainError `INPUT_NOT_FOUND`, `TEACHER_MISMATCH`; DistillError when a cache does not fit, or is damaged
 */
export function findTeacher(context: StepContext, distill: DistillRecipe, tokenizer: Tokenizer): Promise<FoundTeacher> {
  return distill.cache === undefined
    ? askedTeacher(context, distill, tokenizer)
    : cachedTeacher(context, distill, tokenizer);
}

async function cachedTeacher(
  context: StepContext,
  { cache, method, k, temperature }: DistillRecipe,
  tokenizer: Tokenizer,
): Promise<FoundTeacher> {
  const { recipe, runFolder } = context;
  const folder = pathOf(context, cache as string);
  const names = new Set(recipe.train.stages.flatMap(({ mixture }) => Object.keys(mixture)));
  const fingerprint = tokenizerFingerprint(tokenizer);
  const shards = await Promise.all(
    [...names].map(async (name) => {
      const shard = shardPath(runFolder, name);
      const path = cachePath(shard, folder);
      if (!existsSync(path)) throw missingCache(path, runFolder);
      const shardHash = await hashFiles([shard, `${shard}.index`]);
      const format = { temperature, ...(method && { kind: method as 'sampled' }), ...(k !== undefined && { k }) };
      const expected = { tokenizer: fingerprint, shardHash, vocabularySize: tokenizer.vocabularySize, ...format };
      return { shard, cache: path, expected };
    }),
  );
  const teacher = TeacherCaches.open(shards);
  const { kind, k: kept } = teacher.format;
  context.progress.log(
    'train',
    `teacher from ${folder}: ${kept} ${kind === 'sampled' ? 'sampled' : 'likeliest'} ids a token`,
  );
  return { teacher, temperature, close: () => teacher.close() };
}

function missingCache(path: string, runFolder: string): PretrainError {
  return new PretrainError(
    'INPUT_NOT_FOUND',
    `there is no teacher cache ${path}; write it: smol-pretrain distill-cache ${runFolder} --teacher MODEL`,
  );
}

async function askedTeacher(
  context: StepContext,
  { teacher, temperature, engine }: DistillRecipe,
  tokenizer: Tokenizer,
): Promise<FoundTeacher> {
  const folder = modelFolder(pathOf(context, teacher as string));
  if (!existsSync(join(folder, 'config.json')))
    throw new PretrainError('INPUT_NOT_FOUND', `distill.teacher: ${folder} holds no model (no config.json)`);
  if (tokenizerFingerprint(await teacherTokenizer(folder)) !== tokenizerFingerprint(tokenizer))
    throw new PretrainError(
      'TEACHER_MISMATCH',
      `distill.teacher: the tokenizer of ${folder} is not that of this run; give the recipe the teacher's (tokenizer.from)`,
    );
  if (engine !== 'shared') {
    const { vocabularySize } = tokenizer;
    const separate = await startTeacher({ folder, engine, threads: context.threads }, vocabularySize);
    const shape = { width: separate.headWeight_VE.shape[1], layers: separate.layers };
    context.progress.log(
      'train',
      `teacher ${folder}: ${shape.layers} layers of width ${shape.width}, on engine ${engine}`,
    );
    return { teacher: separate, temperature, shape, close: () => separate.close() };
  }
  const model: SmolLM = await loadModel(folder);
  const { hidden_size: width, num_hidden_layers: layers } = model.config;
  context.progress.log('train', `teacher ${folder}: ${layers} layers of width ${width}, asked in every step`);
  return {
    teacher: sharedTeacher(model, tokenizer.vocabularySize),
    temperature,
    shape: { width, layers },
    close: () => model.dispose(),
  };
}
