import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ReadOptions, StoredRecord } from './file-record.ts';
import { RecordSorter } from './record-sorter.ts';
import type { FilteredInput, RecordDocument, Verdict } from './record-sorter.ts';
import { readRecordGroups } from './read-records.ts';
import { spliceRecord } from './record-splice.ts';
import type { RecordChange } from './record-splice.ts';
import type { ResultFiles } from './result-files.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';

/** What to read, how to decide, where to write. */
export interface FilterStreamOptions extends ReadOptions {
  inputs: readonly string[];
  /** is asked about every document, in order */
  decide: (document: RecordDocument) => Verdict;
  /** the input that holds what standard input was: its records without a name are called `-:LINE` */
  standardInput?: string;
  /** is read where an input is `-` */
  stdin: Readable;
  /** gets the documents that are kept */
  stdout: Writable;
  /** file for those that are not; without it they are only counted */
  removed?: string;
}

const LINE_FEED = Buffer.from('\n');

/** Kept records wait here until the stream has taken those before. */
class StreamResults implements ResultFiles {
  readonly #stdout: Writable;
  readonly #removed: StageFile | null;
  #waiting: Buffer[] = [];

  constructor(stdout: Writable, removed: StageFile | null) {
    this.#stdout = stdout;
    this.#removed = removed;
  }

  keep({ bytes }: StoredRecord, change?: RecordChange): void {
    this.#waiting.push(change ? spliceRecord(bytes!, change) : bytes!, LINE_FEED);
  }

  remove({ bytes }: StoredRecord, metadata: Record<string, unknown>): void {
    this.#removed?.write(spliceRecord(bytes!, { metadata }));
    this.#removed?.write(LINE_FEED);
  }

  /** Writes what waits, a copy of it: what was read is written over. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    if (bytes.length > 0 && !this.#stdout.write(bytes)) await once(this.#stdout, 'drain');
  }

  close(): Record<string, FileSeal> {
    return {};
  }
}

/**
 * Goes through files, or standard input, once and writes the documents that are kept as lines to a stream while it reads:
 * nothing is kept on disk, and nothing can be gone on with.
 *
 * @param options `inputs` without Parquet, whose rows are no lines
 * @throws DedupError of the file that cannot be read or written
 */
export async function filterStream(options: FilterStreamOptions): Promise<FilteredInput[]> {
  const { inputs, decide, stdin, stdout, removed, standardInput } = options;
  const removedFile = removed === undefined ? null : new StageFile(removed);
  const results = new StreamResults(stdout, removedFile);
  const reports: FilteredInput[] = [];
  for (const path of inputs) {
    const sorter = new RecordSorter(path, results);
    const content = path === '-' ? (stdin as AsyncIterable<Buffer>) : undefined;
    const name = path === standardInput ? '-' : path;
    for await (const group of readRecordGroups(path, { ...options, content, name })) {
      for (const record of group) sorter.take(record, decide);
      await results.flush();
    }
    reports.push(sorter.counts);
  }
  removedFile?.close();
  return reports;
}
