import type { FileHandle } from 'node:fs/promises';
import { writeAtomically } from './atomic-write.ts';
import { encodeTensor } from './convert.ts';
import type { TensorInfo } from './header.ts';
import { encodeHeader, LENGTH_BYTES, parseHeader, parseHeaderLength } from './header.ts';
import { openFile, readAt } from './read-at.ts';
import type { SafetensorsContents } from './safetensors.ts';
import { DEFAULT_METADATA, planTensors } from './safetensors.ts';
import type { NamedTensor, WritableTensors } from './tensor.ts';
import { loadInput } from './tensor.ts';
import { WeightsError } from './weights-error.ts';

/** A safetensors file of any size whose tensors are read one at a time, by position. Close it after use. */
export class SafetensorsFile {
  readonly path: string;
  /** Dtype, shape and place of every tensor, in the order of the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly #file: FileHandle;
  readonly #payloadStart: number;

  private constructor(
    path: string,
    file: FileHandle,
    header: { tensors: Map<string, TensorInfo>; metadata: Record<string, string> },
    payloadStart: number,
  ) {
    this.path = path;
    this.tensors = header.tensors;
    this.metadata = header.metadata;
    this.#file = file;
    this.#payloadStart = payloadStart;
  }

  /**
   * Opens a file and checks its header; no tensor is read yet.
   *
   * @throws WeightsError `FILE_NOT_FOUND`, or what is wrong with the header
   */
  static async open(path: string): Promise<SafetensorsFile> {
    const file = await openFile(path);
    try {
      const { size } = await file.stat();
      const start = await readAt(file, 0, Math.min(LENGTH_BYTES, size), path);
      const payloadStart = LENGTH_BYTES + parseHeaderLength(start, size, path);
      const header = await readAt(file, LENGTH_BYTES, payloadStart, path);
      return new SafetensorsFile(path, file, parseHeader(header, size - payloadStart, path), payloadStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads one tensor.
   *
   * @throws WeightsError `TENSOR_NOT_FOUND`, or `TRUNCATED` when the file has shrunk meanwhile
   */
  async read(name: string): Promise<NamedTensor> {
    const info = this.tensors.get(name);
    if (info === undefined) {
      throw new WeightsError(
        'TENSOR_NOT_FOUND',
        `${this.path}: has no tensor "${name}" among its ${this.tensors.size}`,
      );
    }
    const { dtype, shape, begin, end } = info;
    return {
      dtype,
      shape,
      data: await readAt(this.#file, this.#payloadStart + begin, this.#payloadStart + end, this.path),
    };
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}

/**
 * Reads all tensors of a safetensors file.
 *
 * @throws WeightsError when the file is absent, truncated or wrong; the message names the file and the tensor
 */
export async function readSafetensors(path: string): Promise<SafetensorsContents> {
  const file = await SafetensorsFile.open(path);
  try {
    const tensors = new Map<string, NamedTensor>();
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
    return { tensors, metadata: { ...file.metadata } };
  } finally {
    await file.close();
  }
}

/**
 * Writes a safetensors file, atomically, converting one tensor at a time: with `LazyTensorInput`s a
 * file may be larger than memory.
 *
 * @param metadata stored as `__metadata__`; default `{ format: 'pt' }`
 * @throws WeightsError `BAD_TENSOR` or `UNSUPPORTED_DTYPE`; then nothing has been written
 */
export async function writeSafetensors(
  path: string,
  tensors: WritableTensors,
  metadata = DEFAULT_METADATA,
): Promise<void> {
  const plans = planTensors(tensors);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield encodeHeader(plans, metadata);
    for (const { tensor, name } of plans) yield encodeTensor(await loadInput(tensor), name);
  }
  await writeAtomically(path, pieces());
}
