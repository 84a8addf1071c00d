import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { TokenShard } from '@smol/dataset';
import type { CacheDescription } from '@smol/distill';
import { hashFiles, TeacherCache } from '@smol/distill/node';
import type { EngineChoice } from '@smol/engine';
import { loadTokenizer } from '@smol/tokenizer/node';
import { parse } from 'yaml';
import { PretrainError } from '../pretrain-error.ts';
import type { Recipe } from '../recipe-schema.ts';
export { cacheProgress } from './cache-progress.ts';
import { cachePath } from './cache-path.ts';
import { modelFolder, teacherTokenizer, teacherVocabulary, tokenizerFingerprint } from './tokenizer-fingerprint.ts';
import { writeCaches, type CacheJob } from './write-caches.ts';

/** Options of {@link distillCache}. */
export interface DistillCacheOptions {
  /** a model folder, a run folder or a GGUF file */
  teacher: string;
  /** folder of the caches; default: beside each shard */
  output?: string;
  /** tokenizer of the shards; default: that of the run they are in */
  tokenizer?: string;
  method: 'top-k' | 'sampled';
  k: number;
  temperature: number;
  seed: number;
  /** tokens that the teacher sees at a time; default: the sequence length of the run, or 512 */
  window?: number;
  /** tokens that a stopped run loses at most, a worker; default 16,384 */
  part?: number;
  /** processes, each with a teacher in memory */
  workers: number;
  /** threads of all workers' engines together */
  threads: number;
  engine: EngineChoice;
  precision: 'f32' | 'bf16';
  signal: AbortSignal;
  onProgress(done: number, fresh: number, total: number): void;
}

/** What was written. */
export interface DistillCacheResult {
  caches: { shard: string; cache: string; tokens: number; bytes: number; unchanged: boolean }[];
}

/**
 * Writes what a teacher expects after each token of some shards. A cache that is there and is of the same teacher, shard
 * and settings is left as it is; a stopped run goes on where it was.
 *
 * @param targets token shards, or run folders: then all of their shards but the held-out one
 * @throws PretrainError `INPUT_NOT_FOUND`, `TEACHER_MISMATCH`, `STOPPED`; DistillError
 */
export async function distillCache(
  targets: readonly string[],
  options: DistillCacheOptions,
): Promise<DistillCacheResult> {
  if (!existsSync(options.teacher))
    throw new PretrainError('INPUT_NOT_FOUND', `the teacher ${options.teacher} does not exist`);
  const shards = targets.flatMap((target) => shardsOf(target));
  const [tokenizer, vocabularySize] = await checkTokenizers(shards, options);
  const teacherHash = await hashFiles(teacherFiles(options.teacher));
  const { method: kind, k, temperature, seed } = options;
  const jobs: CacheJob[] = [];
  for (const { path, window } of shards) {
    const { tokenCount } = TokenShard.open(path);
    const shardHash = await hashFiles([path, `${path}.index`]);
    const ofTeacher = { vocabularySize, temperature, tokenizer, teacherHash };
    const description: CacheDescription = { kind, k, ...ofTeacher, shardHash, tokenCount, seed };
    const windowTokens = options.window ?? window ?? 512;
    const part = options.part !== undefined && { partTokens: options.part };
    jobs.push({ shard: path, cache: cachePath(path, options.output), description, windowTokens, ...part });
  }
  const missing = jobs.filter((job) => !isWritten(job));
  const total = missing.reduce((sum, { description }) => sum + description.tokenCount, 0);
  const threads = Math.max(1, Math.floor(options.threads / options.workers));
  const onProgress = (done: number, fresh: number) => options.onProgress(done, fresh, total);
  if (missing.length > 0) await writeCaches(missing, { ...options, threads, onProgress });
  return {
    caches: jobs.map((job) => ({
      shard: job.shard,
      cache: job.cache,
      tokens: job.description.tokenCount,
      bytes: statSync(job.cache).size,
      unchanged: !missing.includes(job),
    })),
  };
}

interface Shard {
  path: string;
  /** sequence length of its run */
  window?: number;
}

function shardsOf(target: string): Shard[] {
  const path = resolve(target);
  if (!existsSync(path)) throw new PretrainError('INPUT_NOT_FOUND', `${target} does not exist`);
  if (!statSync(path).isDirectory()) return [{ path }];
  const resolved = join(path, 'config.resolved.yaml');
  const tokens = join(path, 'tokens');
  if (!existsSync(resolved) || !existsSync(tokens))
    throw new PretrainError('INPUT_NOT_FOUND', `${target} is neither a token shard (NAME.ds) nor the folder of a run`);
  const { heldOut, train } = parse(readFileSync(resolved, 'utf8')) as Recipe;
  const names = readdirSync(tokens).filter((name) => name.endsWith('.ds') && name !== `${heldOut.source}.ds`);
  return names.sort().map((name) => ({ path: join(tokens, name), window: train.sequenceLength }));
}

/** Teacher and shards must mean the same by an id. */
async function checkTokenizers(
  shards: readonly Shard[],
  { teacher, tokenizer }: DistillCacheOptions,
): Promise<[fingerprint: string, vocabularySize: number]> {
  const theirs = await teacherTokenizer(teacher);
  const expected = tokenizerFingerprint(theirs);
  const folders = new Set(shards.map(({ path }) => tokenizer ?? join(dirname(path), '..', 'tokenizer')));
  for (const folder of folders) {
    if (!existsSync(join(folder, 'tokenizer.json')))
      throw new PretrainError(
        'INPUT_NOT_FOUND',
        `there is no tokenizer.json in ${folder}; name the shards' tokenizer (--tokenizer)`,
      );
    if (tokenizerFingerprint(await loadTokenizer(folder)) === expected) continue;
    throw new PretrainError(
      'TEACHER_MISMATCH',
      `the tokenizer of the teacher ${teacher} is not that of the shards (${folder}): its ids mean other tokens; take a teacher that was trained with this tokenizer`,
    );
  }
  return [expected, teacherVocabulary(teacher, theirs)];
}

/** What makes a teacher: its weights and its configuration. */
export function teacherFiles(teacher: string): string[] {
  if (!statSync(teacher).isDirectory()) return [teacher];
  const folder = modelFolder(teacher);
  const names = readdirSync(folder).filter((name) => name === 'config.json' || name.endsWith('.safetensors'));
  return names.sort().map((name) => join(folder, name));
}

/** Whether a cache of just this is there, whole; one of something else is replaced. */
function isWritten({ cache, description }: CacheJob): boolean {
  if (!existsSync(cache)) return false;
  try {
    const there = TeacherCache.open(cache, description);
    there.verify();
    there.close();
    return there.description.seed === description.seed;
  } catch {
    return false;
  }
}
