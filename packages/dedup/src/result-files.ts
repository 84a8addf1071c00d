import { join } from 'node:path';
import type { StoredRecord } from './file-record.ts';
import { MemoryFile } from './memory-file.ts';
import { isParquet } from './parquet-input.ts';
import { ParquetResults } from './parquet-results.ts';
import { spliceRecord } from './record-splice.ts';
import type { RecordChange } from './record-splice.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { resultPaths } from './stage-settings.ts';
import type { RunSettings } from './stage-settings.ts';
import { loadZstandard } from './zstandard.ts';

/** Where the records of one input go. */
export interface ResultFiles {
  /** Writes a record that stays, byte for byte unless something of it is to change. */
  keep(record: StoredRecord, change?: RecordChange): void;
  /** Writes a record that goes, with the reason. */
  remove(record: StoredRecord, metadata: Record<string, unknown>): void;
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

/** Where bytes go. */
interface ByteSink {
  write(bytes: Uint8Array): void;
}

const LINE_FEED = Uint8Array.of(0x0a);

/** Results as JSON Lines. */
class LineResults {
  readonly #kept: ByteSink;
  readonly #removed: ByteSink;

  constructor(kept: ByteSink, removed: ByteSink) {
    this.#kept = kept;
    this.#removed = removed;
  }

  keep({ bytes }: StoredRecord, change?: RecordChange): void {
    this.#kept.write(change ? spliceRecord(bytes!, change) : bytes!);
    this.#kept.write(LINE_FEED);
  }

  remove({ bytes }: StoredRecord, metadata: Record<string, unknown>): void {
    this.#removed.write(spliceRecord(bytes!, { metadata }));
    this.#removed.write(LINE_FEED);
  }
}

/** Results as files of JSON Lines. */
class LineFiles extends LineResults implements ResultFiles {
  readonly #close: () => Record<string, FileSeal>;

  constructor(options: ResultOptions) {
    const [kept, removed] = [options.kept, options.removed].map(
      (path) => new StageFile(join(options.folder, path), options),
    );
    super(kept, removed);
    this.#close = () => ({ [options.kept]: kept.close(), [options.removed]: removed.close() });
  }

  close(): Record<string, FileSeal> {
    return this.#close();
  }
}

/** Results as lines in memory, for a thread that writes them behind those of other parts. */
export class LinePieces extends LineResults implements ResultFiles {
  readonly #kept: MemoryFile;
  readonly #removed: MemoryFile;

  constructor() {
    const [kept, removed] = [new MemoryFile(), new MemoryFile()];
    super(kept, removed);
    [this.#kept, this.#removed] = [kept, removed];
  }

  get content(): { kept: Uint8Array<ArrayBuffer>[]; removed: Uint8Array<ArrayBuffer>[] } {
    return { kept: this.#kept.pieces, removed: this.#removed.pieces };
  }

  close(): Record<string, FileSeal> {
    return {};
  }
}

/**
 * Opens the files for the results of an input, in the input's format.
 *
 * @throws DedupError of the file that cannot be read or written
 */
async function openResults(input: string, options: ResultOptions): Promise<ResultFiles> {
  if (isParquet(input)) return ParquetResults.open(input, options);
  if (options.kept.endsWith('.zst')) await loadZstandard();
  return new LineFiles(options);
}

/** Opens those of one part of a run, which are put together with the others of its input later, if there are any. */
export function openPartResults(
  settings: RunSettings,
  rank: number,
  options: Pick<ResultOptions, 'numbers' | 'details'> = {},
): Promise<ResultFiles> {
  const { input, range } = settings.parts[rank];
  const paths = { folder: settings.folder, ...resultPaths(settings, rank) };
  return openResults(settings.inputs[input].path, { ...options, ...paths, sync: range === null });
}
