import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AtomicFile } from './atomic-file.ts';
import type { DocumentWriter, OutputFormat } from './document-writer.ts';
import type { Document } from './document.ts';
import { outputFormat } from './output-formats.ts';
import { OutputPath, partOf } from './output-path.ts';
import type { OutputOptions } from './output-path.ts';
import { PipelineError } from './pipeline-error.ts';
import { isRemote, uploadFile } from './storage.ts';
import type { Storage } from './storage.ts';

/** Where documents are written, outside of a run. */
export interface WriteOptions extends OutputOptions {
  /** A folder, or the beginning of addresses in a store (`s3://bucket/run-7`). */
  readonly folder: string;
  /** What `${rank}` stands for. Default 0. */
  readonly rank?: number;
  /** How documents are written. Default: what the path's end says. */
  readonly format?: OutputFormat;
  /** Where the store is. Default: for `s3://` the one that the environment names. */
  readonly storage?: Storage;
}

/** A file that has been written. */
export interface WrittenFile {
  readonly address: string;
  readonly documents: number;
  readonly bytes: number;
}

/** Files that are open at a time: more metadata values than this are no good names of files. */
const MOST_FILES = 1000;
/** What all writers may hold together. */
const MOST_BUFFERED = 64 * 2 ** 20;

/**
 * Writes documents to files, by the end of the name as JSON Lines (plain, gzip, Zstandard) or Parquet; each file appears
 * when it is whole, and none when writing fails. For stores, files are made on this machine first.
 *
 * @throws PipelineError INVALID_ARGUMENT, TOO_MANY_FILES, WRITE_FAILED
 */
export async function writeDocuments(
  documents: Iterable<Document> | AsyncIterable<Document>,
  options: WriteOptions,
): Promise<WrittenFile[]> {
  const path = new OutputPath(options);
  const format = options.format ?? outputFormat(path.template);
  await format.load?.();
  const isStored = options.storage !== undefined || isRemote(options.folder);
  const local = isStored ? mkdtempSync(join(tmpdir(), 'smol-write-')) : options.folder;
  const files = new OpenFiles(local, path, format, options);
  try {
    for await (const document of documents) files.write(document);
    const written = files.close();
    const base = options.folder.replace(/\/+$/, '');
    const addressed = written.map(({ name, ...file }) => ({
      address: isStored ? `${base}/${name}` : join(base, name),
      ...file,
    }));
    if (isStored) {
      for (const [index, { address }] of addressed.entries()) {
        await uploadFile(join(local, written[index].name), address, options.storage);
      }
    }
    return addressed;
  } catch (error) {
    files.abort();
    throw error;
  } finally {
    if (isStored) rmSync(local, { recursive: true, force: true });
  }
}

interface OpenFile {
  readonly name: string;
  readonly file: AtomicFile;
  readonly writer: DocumentWriter;
  documents: number;
}

/** The files of one writing: for each group of documents one that grows, and those that are full. */
class OpenFiles {
  readonly #folder: string;
  readonly #path: OutputPath;
  readonly #format: OutputFormat;
  readonly #rank: number;
  readonly #fileBytes: number;
  readonly #growing = new Map<string, OpenFile>();
  readonly #parts = new Map<string, number>();
  readonly #full: OpenFile[] = [];

  constructor(
    folder: string,
    path: OutputPath,
    format: OutputFormat,
    { rank = 0, fileBytes = Infinity }: WriteOptions,
  ) {
    [this.#folder, this.#path, this.#format, this.#rank, this.#fileBytes] = [folder, path, format, rank, fileBytes];
  }

  write(document: Document): void {
    const group = this.#path.group(this.#rank, document.metadata);
    const open = this.#growing.get(group) ?? this.#open(group);
    const { id, text, url, metadata } = document;
    open.writer.write({ id, text, url, metadata });
    open.documents += 1;
    if (open.file.size + open.writer.buffered >= this.#fileBytes) this.#endFull(group, open);
    this.#boundMemory();
  }

  /** Puts all files in place, in the order of their names. */
  close(): { name: string; documents: number; bytes: number }[] {
    if (this.#growing.size === 0 && this.#full.length === 0 && this.#path.isFixed)
      this.#open(this.#path.group(this.#rank, {}));
    for (const { writer } of this.#growing.values()) writer.finish();
    const all = [...this.#full, ...this.#growing.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { file } of all) file.close();
    return all.map(({ name, documents, file }) => ({ name, documents, bytes: file.size }));
  }

  abort(): void {
    for (const { file } of [...this.#full, ...this.#growing.values()]) file.abort();
  }

  #open(group: string): OpenFile {
    if (this.#growing.size + this.#full.length >= MOST_FILES) {
      throw new PipelineError(
        'TOO_MANY_FILES',
        `more than ${MOST_FILES} files at once, such as ${group}; take a metadata key with fewer values, or larger files`,
      );
    }
    const part = this.#parts.get(group) ?? 0;
    this.#parts.set(group, part + 1);
    const name = partOf(group, part);
    const file = new AtomicFile(join(this.#folder, name));
    const open = { name, file, writer: this.#format.open(file), documents: 0 };
    this.#growing.set(group, open);
    return open;
  }

  /** Compressed text is shorter than what is held: only what is in the file counts. */
  #endFull(group: string, open: OpenFile): void {
    open.writer.flush();
    if (open.file.size < this.#fileBytes) return;
    open.writer.finish();
    this.#growing.delete(group);
    this.#full.push(open);
  }

  #boundMemory(): void {
    if (this.#growing.size < 2) return;
    let buffered = 0;
    for (const { writer } of this.#growing.values()) buffered += writer.buffered;
    if (buffered > MOST_BUFFERED) for (const { writer } of this.#growing.values()) writer.flush();
  }
}
