import { join } from 'node:path';
import type { FileRecord } from './file-record.ts';
import { isParquet } from './parquet-input.ts';
import { ParquetResults } from './parquet-results.ts';
import { spliceRecord } from './record-splice.ts';
import type { RecordChange } from './record-splice.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { loadZstandard } from './zstandard.ts';

/** Where the records of one input go. */
export interface ResultFiles {
  /** Writes a record that stays, byte for byte unless something of it is to change. */
  keep(record: FileRecord, change?: RecordChange): void;
  /** Writes a record that goes, with the reason. */
  remove(record: FileRecord, metadata: Record<string, unknown>): void;
  /** Completes both files; they appear now. */
  close(): Record<string, FileSeal>;
}

/** What results of one input are called, and what is added to its records. */
export interface ResultOptions {
  folder: string;
  /** paths in the folder */
  kept: string;
  removed: string;
  /** of the metadata of kept records those that are whole numbers: columns of a Parquet file */
  numbers?: readonly string[];
  /** kept records can get metadata besides these numbers */
  details?: boolean;
  /** wait until the disk has what is written; default true */
  sync?: boolean;
}

const LINE_FEED = Uint8Array.of(0x0a);

/** Results as JSON Lines. */
class LineResults implements ResultFiles {
  readonly #options: ResultOptions;
  readonly #kept: StageFile;
  readonly #removed: StageFile;

  constructor(options: ResultOptions) {
    this.#options = options;
    this.#kept = new StageFile(join(options.folder, options.kept), options);
    this.#removed = new StageFile(join(options.folder, options.removed), options);
  }

  keep({ bytes }: FileRecord, change?: RecordChange): void {
    this.#kept.write(change ? spliceRecord(bytes!, change) : bytes!);
    this.#kept.write(LINE_FEED);
  }

  remove({ bytes }: FileRecord, metadata: Record<string, unknown>): void {
    this.#removed.write(spliceRecord(bytes!, { metadata }));
    this.#removed.write(LINE_FEED);
  }

  close(): Record<string, FileSeal> {
    const { kept, removed } = this.#options;
    return { [kept]: this.#kept.close(), [removed]: this.#removed.close() };
  }
}

/**
 * Opens the files for the results of an input, in the input's format.
 *
 * @throws DedupError of the file that cannot be read or written
 */
export async function openResults(input: string, options: ResultOptions): Promise<ResultFiles> {
  if (isParquet(input)) return ParquetResults.open(input, options);
  if (options.kept.endsWith('.zst')) await loadZstandard();
  return new LineResults(options);
}
