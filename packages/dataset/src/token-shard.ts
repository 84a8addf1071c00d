import { readFileSync } from 'node:fs';
import { swapToLittleEndian } from './byte-order.ts';
import { DatasetError } from './dataset-error.ts';
import { DocumentIndex } from './document-index.ts';
import { PositionedFile } from './positioned-file.ts';
import { parseMetadata } from './shard-metadata.ts';
import type { ShardMetadata, TokenSize } from './shard-metadata.ts';

/** Longest metadata file that is read: it is three short lines. */
const METADATA_BYTES = 64 * 1024;

/** One token shard on disk, read by position: of its tokens nothing is kept in memory. */
export class TokenShard {
  readonly path: string;
  readonly metadata: ShardMetadata;
  readonly #tokens: PositionedFile;
  readonly #index: DocumentIndex;

  /** Use {@link TokenShard.open}. */
  private constructor(tokens: PositionedFile, index: DocumentIndex, metadata: ShardMetadata) {
    this.path = tokens.path;
    this.#tokens = tokens;
    this.#index = index;
    this.metadata = metadata;
  }

  /**
   * Opens `NAME.ds`, written by {@link ShardWriter}, datatrove or nanotron, and checks that its three files agree.
   *
   * @throws DatasetError FILE_NOT_FOUND, CORRUPT_SHARD, READ_FAILED, naming the file
   */
  static open(path: string): TokenShard {
    const tokens = new PositionedFile(path);
    const described = readMetadata(`${path}.metadata`);
    checkSize(tokens, described);
    const index = new DocumentIndex(`${path}.index`, described.tokenCount);
    return new TokenShard(tokens, index, { ...described, documentCount: index.documentCount });
  }

  /** Number of tokens. */
  get tokenCount(): number {
    return this.metadata.tokenCount;
  }

  /** Number of documents. */
  get documentCount(): number {
    return this.metadata.documentCount;
  }

  /**
   * `length` token ids from token `start` on.
   *
   * @throws DatasetError INVALID_ARGUMENT outside of the shard, READ_FAILED
   */
  read(start: number, length: number): Uint32Array {
    const fits = Number.isInteger(start) && Number.isInteger(length) && start >= 0 && length >= 0;
    if (!fits || start + length > this.tokenCount) {
      throw new DatasetError(
        'INVALID_ARGUMENT',
        `${this.path} has tokens 0 to ${this.tokenCount}, asked for ${length} from ${start}`,
      );
    }
    const { tokenSize } = this.metadata;
    const bytes = Buffer.from(new ArrayBuffer(length * tokenSize));
    this.#tokens.read(bytes, start * tokenSize);
    return decodeTokens(bytes, tokenSize);
  }

  /** The token at which document `index` starts. */
  documentStart(index: number): number {
    return index === 0 ? 0 : this.documentEnd(index - 1);
  }

  /** The token before which document `index` ends. */
  documentEnd(index: number): number {
    if (!Number.isInteger(index) || index < 0 || index >= this.documentCount) {
      throw new DatasetError(
        'INVALID_ARGUMENT',
        `${this.path} has ${this.documentCount} documents, asked for ${index}`,
      );
    }
    return this.#index.ends(index, 1)[0];
  }

  /** Start and end of document `index`, in one read. */
  documentBounds(index: number): [start: number, end: number] {
    if (index === 0) return [0, this.documentEnd(0)];
    const [start, end] = this.#index.ends(index - 1, 2);
    return [start, end];
  }

  /** The token ids of document `index`. */
  readDocument(index: number): Uint32Array {
    const start = this.documentStart(index);
    return this.read(start, this.documentEnd(index) - start);
  }

  /** The tokens strictly inside (start, end) at which a document starts, ascending; `end` is at most `tokenCount`. */
  documentStartsBetween(start: number, end: number): number[] {
    return this.#index.endsBetween(start, end);
  }

  /** Closes the files. They open again when read. */
  close(): void {
    this.#tokens.close();
    this.#index.close();
  }
}

function decodeTokens(bytes: Buffer, tokenSize: TokenSize): Uint32Array {
  const buffer = swapToLittleEndian(bytes, tokenSize).buffer as ArrayBuffer;
  return tokenSize === 2 ? new Uint32Array(new Uint16Array(buffer)) : new Uint32Array(buffer);
}

function readMetadata(path: string): Omit<ShardMetadata, 'documentCount'> {
  const { size } = new PositionedFile(path);
  if (size > METADATA_BYTES) {
    throw new DatasetError(
      'CORRUPT_SHARD',
      `${path} must be three lines, got ${size} bytes; tokenize the documents again`,
    );
  }
  return parseMetadata(readFileSync(path, 'utf8'), path);
}

function checkSize(tokens: PositionedFile, { tokenCount, tokenSize }: Omit<ShardMetadata, 'documentCount'>): void {
  if (tokens.size === tokenCount * tokenSize) return;
  const expected = `${tokenCount * tokenSize} bytes (${tokenCount} tokens of ${tokenSize} bytes, as its .metadata says)`;
  throw new DatasetError(
    'CORRUPT_SHARD',
    `${tokens.path} must have ${expected}, got ${tokens.size}; tokenize the documents again`,
  );
}
