import { DistillError } from './distill-error.ts';
import type { RecordFormat } from './teacher-record.ts';

/** What a teacher cache is of. */
export interface CacheDescription extends RecordFormat {
  /** name or path of the tokenizer, as the shard names it */
  tokenizer: string;
  /** of the teacher's files, any text that tells it from others */
  teacherHash: string;
  /** of the shard's tokens, any text that tells it from others */
  shardHash: string;
  /** tokens of the shard: the cache has one record for each, what the teacher expects after it */
  tokenCount: number;
  /** of the sampler */
  seed: number;
}

/** Its fields in the order of files, and their types. */
const fields = {
  kind: 'string',
  k: 'number',
  vocabularySize: 'number',
  temperature: 'number',
  tokenizer: 'string',
  teacherHash: 'string',
  shardHash: 'string',
  tokenCount: 'number',
  seed: 'number',
} as const satisfies Record<keyof CacheDescription, 'string' | 'number'>;

/** Throws `BAD_OPTION`. */
export function badOption(name: string, expected: string, got: unknown): never {
  throw new DistillError(
    'BAD_OPTION',
    `${name} of a teacher cache must be ${expected}, got ${String(got).slice(0, 80)}`,
  );
}

/** Throws `BAD_OPTION` unless a cache can be as described. */
export function checkDescription(description: CacheDescription): void {
  for (const [name, type] of Object.entries(fields)) {
    const value = description[name as keyof CacheDescription];
    if (typeof value !== type) badOption(name, `a ${type}`, value);
  }
  const { kind, k, vocabularySize, temperature, tokenCount, seed } = description;
  const isCount = (value: number, least: number, most: number) =>
    Number.isSafeInteger(value) && value >= least && value <= most;
  if (kind !== 'top-k' && kind !== 'sampled') badOption('kind', 'top-k or sampled', kind);
  if (!isCount(vocabularySize, 2, 2 ** 20)) badOption('vocabularySize', 'an integer in [2, 1048576]', vocabularySize);
  if (!isCount(k, 1, vocabularySize - 1))
    badOption('k', `an integer in [1, ${vocabularySize - 1}], below the vocabulary`, k);
  if (!(temperature > 0 && temperature < Infinity)) badOption('temperature', 'a positive number', temperature);
  if (!isCount(tokenCount, 0, 2 ** 50)) badOption('tokenCount', 'a count', tokenCount);
  if (!isCount(seed, 0, Number.MAX_SAFE_INTEGER)) badOption('seed', 'an integer ≥ 0', seed);
}

/** As JSON, with its fields in their order. */
export function describeAsJson(description: CacheDescription): string {
  const names = Object.keys(fields) as (keyof CacheDescription)[];
  return JSON.stringify(Object.fromEntries(names.map((name) => [name, description[name]])));
}
