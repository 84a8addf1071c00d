import { isUtf8 } from 'node:buffer';
import { readByteLines } from './byte-lines.ts';
import type { ByteLine } from './byte-lines.ts';
import { documentOf } from './file-record.ts';
import type { FileRecord, RawRecord, ReadOptions, RecordKeys } from './file-record.ts';
import { isParquet, readParquet } from './parquet-input.ts';
import type { RunSettings } from './stage-settings.ts';

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

/** A line that is parsed when it is asked for. */
class RawLine implements RawRecord {
  readonly #line: ByteLine;
  readonly #path: string;
  readonly #options: ReadOptions;
  readonly row = null;

  constructor(line: ByteLine, path: string, options: ReadOptions) {
    this.#line = line;
    this.#path = path;
    this.#options = options;
  }

  get bytes(): Buffer | null {
    return this.#line.bytes;
  }

  parse(): FileRecord {
    const { name = this.#path, linesBefore = 0 } = this.#options;
    return parseLine(this.#line, `${name}:${this.#line.number + linesBefore}`, this.#options);
  }
}

function* rawLines(lines: Iterable<ByteLine>, path: string, options: ReadOptions): Generator<RawRecord> {
  for (const line of lines) {
    if (line.bytes === null || !isBlank(line.bytes)) yield new RawLine(line, path, options);
  }
}

function* parseAll(records: Iterable<RawRecord>): Generator<FileRecord> {
  for (const record of records) yield record.parse();
}

function* rawRows(records: Iterable<FileRecord>): Generator<RawRecord> {
  for (const record of records) yield { bytes: null, row: record.row, parse: () => record };
}

/** The same as {@link readRecordGroups}, but lines are parsed only where they are asked for. */
export async function* readRawGroups(path: string, options: ReadOptions): AsyncGenerator<Iterable<RawRecord>> {
  if (isParquet(path)) for await (const rows of readParquet(path, options)) yield rawRows(rows);
  else for await (const lines of readByteLines(path, options)) yield rawLines(lines, path, options);
}

/**
 * The records of a file, in groups that were read together and must be gone through before the next is asked for; empty
 * lines are passed over. Records that hold no document are given with the reason, so that one of them does not end a long run.
 *
 * @throws what {@link readByteLines} and {@link readParquet} throw
 */
export async function* readRecordGroups(path: string, options: ReadOptions): AsyncGenerator<Iterable<FileRecord>> {
  if (isParquet(path)) yield* readParquet(path, options);
  else for await (const lines of readByteLines(path, options)) yield parseAll(rawLines(lines, path, options));
}

/** The same, one after the other. */
export async function* readRecords(path: string, options: ReadOptions): AsyncGenerator<FileRecord> {
  for await (const group of readRecordGroups(path, options)) yield* group;
}

/** The records of one part of a run, in groups as {@link readRecordGroups} gives them. */
export function readPart(
  settings: RunSettings,
  rank: number,
  options: Omit<ReadOptions, keyof RecordKeys>,
): AsyncGenerator<Iterable<FileRecord>> {
  const { input, range } = settings.parts[rank];
  const { path, name } = settings.inputs[input];
  return readRecordGroups(path, { ...settings, name, range, ...options });
}
