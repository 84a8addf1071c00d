import type { FilterKeys } from './document-key.ts';
import type { RecordDocument, Verdict } from './record-sorter.ts';
import type { FileRecord } from './file-record.ts';
import type { FileSeal } from './stage-file.ts';
import type { RunSettings } from './stage-settings.ts';

/**
 * How the commands that decide in order share their work: threads go through the documents of parts and note what decisions
 * are made by (hashes, numbers); one thread decides, part after part; threads write what has become of the documents.
 * Records are known by their place among those of the part.
 */

/** The commands that decide about one document after the other. */
export type FilterCommand = 'exact' | 'bloom' | 'sentences' | 'substrings';

/** What all tasks of such a command are told. */
export interface FilterContext {
  command: FilterCommand;
  settings: RunSettings;
  keys: FilterKeys;
  /** lines of its file before each part; for writing */
  linesBefore: readonly number[];
  /** documents whose texts are shown, by part and record; for writing */
  shown: readonly [rank: number, record: number][];
}

/** Numbers in each row of what is noted of a part: that of the record, and what the command decides by. */
export const NOTE_COLUMNS: Record<FilterCommand, number> = { exact: 7, bloom: 3, sentences: 5, substrings: 2 };

/** Numbers in each row of what is decided about a part: that of the record, and what becomes of it. */
export const VERDICT_COLUMNS: Record<FilterCommand, number> = { exact: 3, bloom: 1, sentences: 3, substrings: 3 };

/** Notes what decisions are made by. */
export interface Scanner {
  take(document: RecordDocument, record: number, place: Pick<FileRecord, 'named' | 'line'>): void;
  close(): Record<string, FileSeal>;
}

/** Says what becomes of a document by what was decided. */
export interface Judge {
  judge(document: RecordDocument, rows: readonly Uint32Array[]): Verdict;
  close?(): void;
}
