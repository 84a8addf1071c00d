import type { DocumentWriter, OutputFile, OutputFormat } from './document-writer.ts';
import { gzipMember } from './jsonl-writer.ts';

/** Text collected before it is written, in UTF-16 units. */
const BLOCK_CHARACTERS = 1 << 20;
const LEVEL = 6;

/** JSON Lines, a record a line. */
export const jsonlFormat: OutputFormat = { open: (file) => new JsonlDocumentWriter(file, (text) => text) };

/** JSON Lines in gzip members of about 1 MiB of text, cut between lines. */
export const jsonlGzFormat: OutputFormat = {
  open: (file) => new JsonlDocumentWriter(file, (text) => gzipMember(text, LEVEL), true),
};

/** Writes JSON Lines in blocks of about 1 MiB of text. */
export class JsonlDocumentWriter implements DocumentWriter {
  readonly #file: OutputFile;
  readonly #compress: (text: Buffer) => Uint8Array;
  /** Whether a file without records needs a block of its own to be valid. */
  readonly #needsBlock: boolean;
  #lines: string[] = [];
  buffered = 0;

  constructor(file: OutputFile, compress: (text: Buffer) => Uint8Array, needsBlock = false) {
    this.#file = file;
    this.#compress = compress;
    this.#needsBlock = needsBlock;
  }

  write(document: object): void {
    const line = JSON.stringify(document);
    this.#lines.push(line, '\n');
    this.buffered += line.length + 1;
    if (this.buffered >= BLOCK_CHARACTERS) this.flush();
  }

  flush(): void {
    if (this.buffered > 0) this.#writeBlock();
  }

  finish(): void {
    if (this.buffered > 0 || (this.#needsBlock && this.#file.size === 0)) this.#writeBlock();
  }

  #writeBlock(): void {
    const text = Buffer.from(this.#lines.join(''));
    this.#lines = [];
    this.buffered = 0;
    this.#file.write(this.#compress(text));
  }
}
