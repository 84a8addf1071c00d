import { isUtf8 } from 'node:buffer';
import { readByteLines } from './byte-lines.ts';
import type { ByteLine } from './byte-lines.ts';
import { documentOf } from './file-record.ts';
import type { FileRecord, ReadOptions, RecordKeys } from './file-record.ts';
import { isParquet, readParquet } from './parquet-input.ts';

/** Only white space of JSON: space, tab, carriage return. */
const isBlank = (bytes: Buffer) => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

const noField = () => undefined;

function parseLine({ number, bytes }: ByteLine, place: string, keys: RecordKeys): FileRecord {
  const broken = { line: number, document: null, named: false, validUtf8: true, bytes, row: null, field: noField };
  if (bytes === null) return { ...broken, problem: 'line too long' };
  const validUtf8 = isUtf8(bytes);
  let record: Record<string, unknown> | null;
  try {
    record = JSON.parse(bytes.toString('utf8')) as Record<string, unknown> | null;
  } catch {
    return { ...broken, problem: 'not JSON', validUtf8 };
  }
  const field = (name: string) => (record !== null && Object.hasOwn(record, name) ? record[name] : undefined);
  return { line: number, ...documentOf(field, keys, place), validUtf8, bytes, row: null, field };
}

function* parseLines(lines: Iterable<ByteLine>, path: string, options: ReadOptions): Generator<FileRecord> {
  for (const line of lines) {
    if (line.bytes !== null && isBlank(line.bytes)) continue;
    yield parseLine(line, `${options.name ?? path}:${line.number + (options.linesBefore ?? 0)}`, options);
  }
}

/**
 * The records of a file, in groups that were read together and must be gone through before the next is asked for; empty
 * lines are passed over. Records that hold no document are given with the reason, so that one of them does not end a long run.
 *
 * @throws what {@link readByteLines} and {@link readParquet} throw
 */
export async function* readRecordGroups(path: string, options: ReadOptions): AsyncGenerator<Iterable<FileRecord>> {
  if (isParquet(path)) yield* readParquet(path, options);
  else for await (const lines of readByteLines(path, options)) yield parseLines(lines, path, options);
}

/** The same, one after the other. */
export async function* readRecords(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  for await (const group of readRecordGroups(path, options)) yield* group;
}
