/** Typed values of GGUF's metadata: to bytes and back (ggml, docs/gguf.md). */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { WeightsError } from './weights-error.ts';

const SCALARS = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
] as const;
const ARRAY = SCALARS.indexOf('array');

/** Type of a metadata value, or of the items of a list. */
export type GgufScalarType = Exclude<(typeof SCALARS)[number], 'array'>;

/** One value, or a list of values of one type. 64-bit integers are numbers; beyond 2^53 they are refused. */
export type GgufValue =
  | { type: GgufScalarType; value: number | string | boolean }
  | { type: GgufScalarType; list: readonly (number | string | boolean)[] };

/** Metadata by key, in the order of the file. */
export type GgufMetadata = Map<string, GgufValue>;

/** Smallest number of bytes a value takes: what a list announces is held against what the file can hold. */
const LEAST_BYTES: Readonly<Record<GgufScalarType, number>> = {
  u8: 1,
  i8: 1,
  bool: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  u64: 8,
  i64: 8,
  f64: 8,
  string: 8,
};

function readScalar(reader: ByteReader, type: GgufScalarType): number | string | boolean {
  return reader[type]();
}

function readType(reader: ByteReader, key: string): (typeof SCALARS)[number] {
  const id = reader.u32();
  const type = SCALARS[id];
  if (type === undefined) {
    throw new WeightsError('BAD_HEADER', `${reader.source}, key "${key}": ${id} is no type of a metadata value`);
  }
  return type;
}

/**
 * Reads the value of one key.
 *
 * @throws WeightsError `BAD_HEADER` for unknown types and lists of lists, `TRUNCATED` when the file ends in it
 */
export function readGgufValue(reader: ByteReader, key: string): GgufValue {
  const type = readType(reader, key);
  if (type !== 'array') return { type, value: readScalar(reader, type) };
  const itemType = readType(reader, key);
  if (itemType === 'array') {
    throw new WeightsError('BAD_HEADER', `${reader.source}, key "${key}": lists of lists are not supported`);
  }
  const length = reader.u64();
  reader.expect(length * LEAST_BYTES[itemType], `key "${key}", a list of ${length} values`);
  const list: (number | string | boolean)[] = [];
  for (let index = 0; index < length; index++) list.push(readScalar(reader, itemType));
  return { type: itemType, list };
}

function writeScalar(writer: ByteWriter, type: GgufScalarType, value: number | string | boolean): void {
  if (type === 'string') writer.string(value as string);
  else if (type === 'bool') writer.u8(Number(value));
  else writer[type](value as number);
}

/** Writes the value of one key. */
export function writeGgufValue(writer: ByteWriter, entry: GgufValue): void {
  const id = SCALARS.indexOf(entry.type);
  if ('value' in entry) {
    writer.u32(id);
    writeScalar(writer, entry.type, entry.value);
    return;
  }
  writer.u32(ARRAY);
  writer.u32(id);
  writer.u64(entry.list.length);
  for (const item of entry.list) writeScalar(writer, entry.type, item);
}
