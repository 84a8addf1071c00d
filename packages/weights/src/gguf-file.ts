import type { FileHandle } from 'node:fs/promises';
import { writeAtomically } from './atomic-write.ts';
import { NeedMoreBytes } from './byte-reader.ts';
import type { GgufContents, GgufTensor } from './gguf.ts';
import type { GgufHeader, GgufTensorInfo, GgufTensorPlan } from './gguf-header.ts';
import { encodeGgufHeader, ggufPadding, parseGgufHeader } from './gguf-header.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { openFile, readAt } from './read-at.ts';
import { WeightsError } from './weights-error.ts';

/** How much of a file is looked at first; a head without a tokenizer fits. */
const FIRST_READ_BYTES = 2 ** 20;
/** Half a million tokens with their merges take some 50 MB. */
const MAXIMUM_HEADER_BYTES = 2 ** 29;

/** Reads as much of the file as its head takes, doubling. */
async function readHeader(file: FileHandle, path: string): Promise<GgufHeader> {
  const { size } = await file.stat();
  let length = Math.min(size, FIRST_READ_BYTES);
  for (;;) {
    try {
      return parseGgufHeader(await readAt(file, 0, length, path), size, path);
    } catch (error) {
      if (!(error instanceof NeedMoreBytes)) throw error;
      if (error.length > MAXIMUM_HEADER_BYTES) {
        throw new WeightsError('BAD_HEADER', `${path}: the header takes more than ${MAXIMUM_HEADER_BYTES} bytes`);
      }
      length = Math.min(size, Math.max(length * 2, error.length));
    }
  }
}

/** A GGUF file of any size whose tensors are read one at a time, by position. Close it after use. */
export class GgufFile {
  readonly path: string;
  readonly metadata: GgufMetadata;
  /** Type, shape and place of every tensor, in the order of the file. */
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle, header: GgufHeader) {
    this.path = path;
    this.metadata = header.metadata;
    this.tensors = header.tensors;
    this.#file = file;
  }

  /**
   * Opens a file and checks its head; no tensor is read yet.
   *
   * @throws WeightsError `FILE_NOT_FOUND`, or what is wrong with the head
   */
  static async open(path: string): Promise<GgufFile> {
    const file = await openFile(path);
    try {
      return new GgufFile(path, file, await readHeader(file, path));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads one tensor as it is stored.
   *
   * @throws WeightsError `TENSOR_NOT_FOUND`, or `TRUNCATED` when the file has shrunk meanwhile
   */
  async read(name: string): Promise<GgufTensor> {
    const info = this.tensors.get(name);
    if (info === undefined) {
      throw new WeightsError(
        'TENSOR_NOT_FOUND',
        `${this.path}: has no tensor "${name}" among its ${this.tensors.size}`,
      );
    }
    const { type, shape, begin, end } = info;
    return { type, shape, data: await readAt(this.#file, begin, end, this.path) };
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** Reads a whole GGUF file. */
export async function readGguf(path: string): Promise<GgufContents> {
  const file = await GgufFile.open(path);
  try {
    const tensors = new Map<string, GgufTensor>();
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
    return { metadata: file.metadata, tensors };
  } finally {
    await file.close();
  }
}

/** A tensor whose bytes are made when their turn comes. */
export interface GgufTensorSource extends GgufTensorPlan {
  bytes(): Uint8Array | Promise<Uint8Array>;
}

/**
 * Writes a GGUF file, atomically, one tensor in memory at a time: a file may be larger than memory.
 *
 * @throws WeightsError `BAD_TENSOR` when a tensor's bytes are not as many as its shape and type take
 */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  sources: readonly GgufTensorSource[],
): Promise<void> {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield encodeGgufHeader(metadata, sources);
    for (const source of sources) {
      const bytes = await source.bytes();
      yield bytes;
      yield ggufPadding(bytes.length);
    }
  }
  await writeAtomically(path, pieces());
}
