import { isUtf8 } from 'node:buffer';
import { readByteLines } from './byte-lines.ts';
import type { TextDocument } from './exact-deduplicator.ts';

/** Under which keys of a record its text and its name stand. */
export interface RecordKeys {
  /** default `text` */
  textKey: string;
  /** default `id`; a record without it is named after its place, `FILE:LINE` */
  idKey: string;
}

/** A line of a JSON Lines file. */
export interface FileRecord {
  /** as it stands in the file, without the line feed; `null` where the line is too long to take */
  bytes: Buffer | null;
  line: number;
  /** `null` where the line holds no document */
  document: TextDocument | null;
  /** why the line holds no document */
  problem: string | null;
  /** the line is valid UTF-8; what is not was read as U+FFFD */
  validUtf8: boolean;
}

/** Only white space of JSON: space, tab, carriage return. */
const isBlank = (bytes: Buffer) => bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);

function parse(bytes: Buffer, { textKey, idKey }: RecordKeys, place: string): TextDocument | string {
  let record: unknown;
  try {
    record = JSON.parse(bytes.toString('utf8'));
  } catch {
    return 'not JSON';
  }
  const fields = (record ?? {}) as Record<string, unknown>;
  const text = fields[textKey];
  if (typeof text !== 'string') return `no string under "${textKey}"`;
  return { id: String(fields[idKey] ?? place), text };
}

/**
 * The records of a JSON Lines file; empty lines are passed over. Lines that hold no document are given with the reason, so
 * that one bad line does not end a long run.
 *
 * @param name what the file is called in ids
 * @throws what {@link readByteLines} throws
 */
export async function* readRecords(
  path: string,
  name: string,
  keys: RecordKeys,
  longestLine?: number,
  onBytes?: (bytes: number) => void,
): AsyncGenerator<FileRecord> {
  for await (const { number: line, bytes } of readByteLines(path, longestLine, onBytes)) {
    if (bytes === null) {
      yield { bytes, line, document: null, problem: 'line too long', validUtf8: true };
      continue;
    }
    if (isBlank(bytes)) continue;
    const parsed = parse(bytes, keys, `${name}:${line}`);
    const isDocument = typeof parsed !== 'string';
    const document = isDocument ? parsed : null;
    yield { bytes, line, document, problem: isDocument ? null : parsed, validUtf8: isUtf8(bytes) };
  }
}
