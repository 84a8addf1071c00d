import { openFile } from './storage.ts';
import type { Storage, StoredFile } from './storage.ts';

/** A file read forwards in chunks, that can go back to an earlier byte. */
export class ByteSource {
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly #file: StoredFile;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Offset in the file of the chunk's first byte that has not been taken. */
  #offset = 0;

  private constructor(file: StoredFile) {
    this.path = file.address;
    this.size = file.size;
    this.#file = file;
  }

  /** @throws PipelineError FILE_NOT_FOUND, READ_FAILED */
  static async open(address: string, storage?: Storage): Promise<ByteSource> {
    return new ByteSource(await openFile(address, storage));
  }

  /** Offset in the file of the next byte. */
  get offset(): number {
    return this.#offset;
  }

  /** Looks at the next bytes without taking them: `count` of them, fewer at the end of the file. */
  async peek(count: number): Promise<Buffer> {
    while (this.#chunk.length < count) {
      const more = await this.#read(this.#offset + this.#chunk.length);
      if (more.length === 0) break;
      this.#chunk = this.#chunk.length === 0 ? more : Buffer.concat([this.#chunk, more]);
    }
    return bufferOf(this.#chunk.subarray(0, count));
  }

  /** Takes up to `count` bytes; none at the end of the file. */
  async take(count: number): Promise<Buffer> {
    if (this.#chunk.length === 0) this.#chunk = await this.#read(this.#offset);
    const taken = this.#chunk.subarray(0, count);
    this.skip(taken.length);
    return bufferOf(taken);
  }

  /** Takes bytes that have been looked at. */
  skip(count: number): void {
    this.#chunk = this.#chunk.subarray(count);
    this.#offset += count;
  }

  /** Goes to a byte of the file. */
  seek(offset: number): void {
    const ahead = offset - this.#offset;
    this.#chunk = ahead >= 0 ? this.#chunk.subarray(ahead) : new Uint8Array(0);
    this.#offset = offset;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #read(position: number): Promise<Uint8Array> {
    return this.#file.read(position, this.#file.chunkBytes);
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
