/** A file that only grows, as a writer sees it. */
export interface OutputFile {
  /** Bytes in it so far. */
  readonly size: number;
  /** @throws PipelineError WRITE_FAILED */
  write(bytes: Uint8Array): void;
}

/** Writes documents to one file. The same documents and flushes give the same bytes. */
export interface DocumentWriter {
  write(document: object): void;
  /** Bytes, or UTF-16 units, that are held in memory, roughly. */
  readonly buffered: number;
  /** Writes what is held and ends what has begun (a gzip member, a row group): the file can be cut here and gone on with. */
  flush(): void;
  /** What `OutputFormat.open` needs, besides the file as it is after `flush`, to go on: plain JSON. */
  state?(): unknown;
  /** Writes what is held and what ends the file; a file without documents is a valid one too. */
  finish(): void;
}

/** A format of output files. */
export interface OutputFormat {
  /** Loads what writing needs; awaited once in a thread before the first `open`. */
  load?(): Promise<void>;
  /** @param state of the writer whose file is gone on with; without it the file is empty */
  open(file: OutputFile, state?: unknown): DocumentWriter;
}
