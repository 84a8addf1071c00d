import { DistillError } from './distill-error.ts';
import { recordBytes, type RecordFormat } from './teacher-record.ts';

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

/** What whoever reads a cache knows of its own data and model; what is left out is not compared. */
export interface ExpectedCache {
  tokenizer?: string;
  shardHash?: string;
  teacherHash?: string;
  tokenCount?: number;
  kind?: RecordFormat['kind'];
  k?: number;
  temperature?: number;
  /** of the student: the teacher's must not be larger */
  vocabularySize?: number;
}

const magic = 'SMOLTEACHER1';
const lengthAt = magic.length;
const headerStart = lengthAt + 4;
const largestHeader = 1 << 16;

/** Bytes that are needed to know how long a header is. */
export const prefixBytes = headerStart;

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

function badOption(name: string, expected: string, got: unknown): never {
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

/** The first bytes of a cache file: a magic word, the length of the JSON that follows (u32), and that. */
export function encodeHeader(description: CacheDescription): Uint8Array {
  const ordered = Object.fromEntries(
    Object.keys(fields).map((name) => [name, description[name as keyof CacheDescription]]),
  );
  const json = new TextEncoder().encode(JSON.stringify(ordered));
  if (json.length > largestHeader)
    badOption('tokenizer and hashes', 'shorter than 64 KiB together', `${json.length} bytes`);
  const bytes = new Uint8Array(headerStart + json.length);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(lengthAt, json.length, true);
  bytes.set(json, headerStart);
  return bytes;
}

function corrupt(path: string, what: string): never {
  throw new DistillError('CORRUPT_CACHE', `${path} is no whole teacher cache: ${what}; write it again`);
}

/** Length of the whole header, from its first {@link prefixBytes} bytes. */
export function headerLength(prefix: Uint8Array, path: string): number {
  if (prefix.length < headerStart) corrupt(path, `it has ${prefix.length} bytes, not even a header`);
  const word = new TextDecoder('latin1').decode(prefix.subarray(0, magic.length));
  if (word !== magic) corrupt(path, `it must begin with ${magic}, got ${JSON.stringify(word)}`);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(lengthAt, true);
  if (length > largestHeader) corrupt(path, `its header cannot be ${length} bytes long`);
  return headerStart + length;
}

/**
 * Reads a header.
 *
 * @param size of the whole file in bytes
 * @throws DistillError `CORRUPT_CACHE` also when the file is longer or shorter than its header says
 */
export function parseHeader(bytes: Uint8Array, size: number, path: string): CacheDescription {
  const length = headerLength(bytes, path);
  if (bytes.length < length) corrupt(path, 'it was cut short in its header');
  let description: CacheDescription;
  try {
    description = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(headerStart, length)));
    checkDescription(description);
  } catch (error) {
    return corrupt(path, `its header does not hold (${error instanceof Error ? error.message : String(error)})`);
  }
  const expected = length + description.tokenCount * recordBytes(description);
  if (size !== expected) corrupt(path, `${description.tokenCount} tokens need ${expected} bytes, got ${size}`);
  return description;
}

/**
 * Throws `CACHE_MISMATCH` unless a cache fits the data and the model it is to be used with.
 *
 * @param path named in errors
 */
export function checkFits(description: CacheDescription, expected: ExpectedCache, path: string): void {
  const refuse = (name: string, wanted: unknown, got: unknown) => {
    throw new DistillError(
      'CACHE_MISMATCH',
      `${path} does not fit: its ${name} must be ${String(wanted).slice(0, 80)}, got ${String(got).slice(0, 80)}; ` +
        'write the cache again for this shard, tokenizer and teacher',
    );
  };
  for (const name of ['tokenizer', 'shardHash', 'teacherHash', 'tokenCount', 'kind', 'k', 'temperature'] as const) {
    const wanted = expected[name];
    if (wanted !== undefined && wanted !== description[name]) refuse(name, wanted, description[name]);
  }
  const { vocabularySize } = expected;
  if (vocabularySize !== undefined && description.vocabularySize > vocabularySize)
    refuse('vocabularySize', `at most ${vocabularySize}, the student's`, description.vocabularySize);
}
