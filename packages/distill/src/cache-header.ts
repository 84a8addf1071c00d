import { checksum, checksumBytes } from './block-checksums.ts';
import { badOption, checkDescription, describeAsJson, type CacheDescription } from './cache-description.ts';
import { DistillError } from './distill-error.ts';
import { recordBytes, type RecordFormat } from './teacher-record.ts';

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

const magic = 'SMOLTEACHER2';
const lengthAt = magic.length;
const checksumAt = lengthAt + 4;
const headerStart = checksumAt + 4;
const largestHeader = 1 << 16;

/** Bytes that are needed to know how long a header is. */
export const prefixBytes = headerStart;

/** The first bytes of a cache file: a magic word, length and CRC-32 of the JSON that follows (u32 each), and that. */
export function encodeHeader(description: CacheDescription): Uint8Array {
  const json = new TextEncoder().encode(describeAsJson(description));
  if (json.length > largestHeader)
    badOption('tokenizer and hashes', 'shorter than 64 KiB together', `${json.length} bytes`);
  const bytes = new Uint8Array(headerStart + json.length);
  bytes.set(new TextEncoder().encode(magic));
  const view = new DataView(bytes.buffer);
  view.setUint32(lengthAt, json.length, true);
  view.setUint32(checksumAt, checksum(json), true);
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
  const json = bytes.subarray(headerStart, length);
  const expectedSum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(checksumAt, true);
  if (checksum(json) !== expectedSum) corrupt(path, 'its header was changed');
  let description: CacheDescription;
  try {
    description = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json));
    checkDescription(description);
  } catch (error) {
    return corrupt(path, `its header does not hold (${error instanceof Error ? error.message : String(error)})`);
  }
  const { tokenCount } = description;
  const expected = length + tokenCount * recordBytes(description) + checksumBytes(tokenCount);
  if (size !== expected) corrupt(path, `${tokenCount} tokens need ${expected} bytes, got ${size}`);
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
