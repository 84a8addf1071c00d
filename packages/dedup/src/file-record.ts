import type { LineOptions } from './byte-lines.ts';
import type { TextDocument } from './exact-deduplicator.ts';

/** Under which keys of a record its text and its name stand. */
export interface RecordKeys {
  /** default `text` */
  textKey: string;
  /** default `id`; a record without it is named after its place, `FILE:LINE` */
  idKey: string;
}

/** A record of an input file: a line of JSON Lines, or a row of Parquet. */
export interface FileRecord {
  /** number of the line or row, from 1 */
  line: number;
  /** `null` where the record holds no document */
  document: TextDocument | null;
  /** the record has a name of its own */
  named: boolean;
  /** why the record holds no document */
  problem: string | null;
  /** the line is valid UTF-8; what is not was read as U+FFFD */
  validUtf8: boolean;
  /** the line as it stands in the file, without the line feed; `null` where it is too long to take, and for a row */
  bytes: Buffer | null;
  /** the values of a row, by column; `null` for a line */
  row: readonly unknown[] | null;
  /** the value of a field or column; `undefined` where there is none */
  field: (name: string) => unknown;
}

/** What of a record is written again. */
export type StoredRecord = Pick<FileRecord, 'bytes' | 'row'>;

/** A record that nobody has looked into yet. */
export interface RawRecord extends StoredRecord {
  parse: () => FileRecord;
}

/** What to read of a file. */
export interface ReadOptions extends RecordKeys, LineOptions {
  /** what the file is called in the names of records that have none; default: its path */
  name?: string;
  /** number of lines before the range; default 0 */
  linesBefore?: number;
  /** of a Parquet file only the columns of text, id and these, so that rows cannot be written again; default: all */
  onlyFields?: readonly string[];
}

/** The document that the fields of a record make. */
export function documentOf(
  field: FileRecord['field'],
  { textKey, idKey }: RecordKeys,
  place: string,
): Pick<FileRecord, 'document' | 'named' | 'problem'> {
  const text = field(textKey);
  if (typeof text !== 'string') return { document: null, named: false, problem: `no string under "${textKey}"` };
  const id = field(idKey) ?? null;
  return { document: { id: id === null ? place : String(id), text }, named: id !== null, problem: null };
}
