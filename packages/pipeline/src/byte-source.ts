import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { PipelineError, messageOf } from './pipeline-error.ts';

const CHUNK_BYTES = 256 * 1024;

/** A file read forwards in chunks, that can go back to an earlier byte. */
export class ByteSource {
  readonly path: string;
  readonly #file: FileHandle;
  #chunk: Buffer = Buffer.alloc(0);
  /** Offset in the file of the chunk's first byte that has not been taken. */
  #offset = 0;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** @throws PipelineError FILE_NOT_FOUND, READ_FAILED */
  static async open(path: string): Promise<ByteSource> {
    try {
      return new ByteSource(path, await open(path, 'r'));
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      const message = missing ? `there is no file ${path}` : `cannot read ${path}: ${messageOf(cause)}`;
      throw new PipelineError(missing ? 'FILE_NOT_FOUND' : 'READ_FAILED', message, { cause });
    }
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
    return this.#chunk.subarray(0, count);
  }

  /** Takes up to `count` bytes; none at the end of the file. */
  async take(count: number): Promise<Buffer> {
    if (this.#chunk.length === 0) this.#chunk = await this.#read(this.#offset);
    const taken = this.#chunk.subarray(0, count);
    this.skip(taken.length);
    return taken;
  }

  /** Takes bytes that have been looked at. */
  skip(count: number): void {
    this.#chunk = this.#chunk.subarray(count);
    this.#offset += count;
  }

  /** Goes to a byte of the file. */
  seek(offset: number): void {
    const ahead = offset - this.#offset;
    this.#chunk = ahead >= 0 ? this.#chunk.subarray(ahead) : Buffer.alloc(0);
    this.#offset = offset;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #read(position: number): Promise<Buffer> {
    try {
      const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, position);
      return buffer.subarray(0, bytesRead);
    } catch (cause) {
      throw new PipelineError('READ_FAILED', `cannot read ${this.path}: ${messageOf(cause)}`, { cause });
    }
  }
}
