import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { AtomicFile, syncFolder } from './atomic-file.ts';
import { swapToLittleEndian } from './byte-order.ts';
import { DatasetError } from './dataset-error.ts';
import { formatMetadata } from './shard-metadata.ts';
import type { ShardMetadata, TokenSize } from './shard-metadata.ts';

/** How a shard is written. */
export interface ShardWriterOptions {
  /** Bytes per token: 2 when the vocabulary has at most 65,536 entries, else 4. */
  tokenSize: TokenSize;
  /** Name or path of the tokenizer; readers refuse to mix shards of different ones. One line. */
  tokenizer: string;
}

/**
 * Writes one token shard in the layout of datatrove and nanotron: `NAME.ds` (ids, little endian), `NAME.ds.index`
 * (where each document ends, in tokens, u64) and `NAME.ds.metadata`. The three appear together when `close` succeeds;
 * until then nothing of that name changes. Memory does not grow with the shard.
 */
export class ShardWriter {
  readonly path: string;
  readonly #options: ShardWriterOptions;
  readonly #tokens: AtomicFile;
  readonly #index: AtomicFile;
  #tokenCount = 0;
  #documentCount = 0;
  #open = true;

  /**
   * @param path of the tokens, ending in `.ds`; its folder is made when missing
   * @throws DatasetError INVALID_ARGUMENT, WRITE_FAILED
   */
  constructor(path: string, options: ShardWriterOptions) {
    checkOptions(path, options);
    this.path = path;
    this.#options = { ...options };
    makeFolder(dirname(path));
    this.#tokens = new AtomicFile(path);
    this.#index = new AtomicFile(`${path}.index`);
  }

  /**
   * Appends one document: its token ids, with the end-of-text id last (this class adds nothing).
   *
   * @throws DatasetError INVALID_TOKEN when there are none or one does not fit in `tokenSize` bytes, WRITE_FAILED
   */
  append(ids: ArrayLike<number>): void {
    if (!this.#open) throw new DatasetError('INVALID_ARGUMENT', `${this.path} is closed; append before close()`);
    this.#tokens.write(this.#encode(ids));
    this.#tokenCount += ids.length;
    this.#documentCount += 1;
    const end = Buffer.allocUnsafe(8);
    end.writeBigUInt64LE(BigInt(this.#tokenCount));
    this.#index.write(end);
  }

  /**
   * Flushes the three files to the disk and gives them their names, `NAME.ds` last: where it is, the others are.
   *
   * @throws DatasetError WRITE_FAILED; then nothing of that name has been left half written
   */
  async close(): Promise<ShardMetadata> {
    if (!this.#open) throw new DatasetError('INVALID_ARGUMENT', `${this.path} is already closed`);
    const { tokenizer, tokenSize } = this.#options;
    const metadata = { tokenizer, tokenSize, tokenCount: this.#tokenCount, documentCount: this.#documentCount };
    const description = new AtomicFile(`${this.path}.metadata`);
    const files = [description, this.#index, this.#tokens];
    try {
      description.write(Buffer.from(formatMetadata(metadata)));
      for (const file of files) file.finish();
      for (const file of files) file.publish();
    } catch (error) {
      for (const file of files) file.abort();
      this.#open = false;
      throw error;
    }
    this.#open = false;
    syncFolder(dirname(this.path));
    return metadata;
  }

  /** Throws away what was written. Safe to call at any time; after `close` it does nothing. */
  abort(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#tokens.abort();
    this.#index.abort();
  }

  #encode(ids: ArrayLike<number>): Uint8Array {
    const document = `document ${this.#documentCount} of ${this.path}`;
    if (ids.length === 0) throw new DatasetError('INVALID_TOKEN', `${document} has no tokens; leave it out`);
    const { tokenSize } = this.#options;
    const tokens = tokenSize === 2 ? new Uint16Array(ids.length) : new Uint32Array(ids.length);
    for (let position = 0; position < ids.length; position++) {
      tokens[position] = ids[position];
      if (tokens[position] !== ids[position]) {
        throw new DatasetError(
          'INVALID_TOKEN',
          `token ${position} of ${document} must be an integer in [0, ${2 ** (8 * tokenSize)}), got ${ids[position]}` +
            (tokenSize === 2 ? '; vocabularies above 65,536 need tokenSize 4' : ''),
        );
      }
    }
    return swapToLittleEndian(Buffer.from(tokens.buffer), tokenSize);
  }
}

function checkOptions(path: string, { tokenSize, tokenizer }: ShardWriterOptions): void {
  if (!path.endsWith('.ds')) throw new DatasetError('INVALID_ARGUMENT', `a shard is named NAME.ds, got ${path}`);
  if (tokenSize !== 2 && tokenSize !== 4) {
    throw new DatasetError('INVALID_ARGUMENT', `tokenSize of ${path} must be 2 or 4 bytes, got ${String(tokenSize)}`);
  }
  if (tokenizer === '' || /[\r\n]/.test(tokenizer)) {
    throw new DatasetError(
      'INVALID_ARGUMENT',
      `tokenizer of ${path} must be one line, got ${JSON.stringify(tokenizer)}`,
    );
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new DatasetError('WRITE_FAILED', `cannot make the folder ${folder}: ${String(cause)}`, { cause });
  }
}
