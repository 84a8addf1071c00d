/** One way to look into every kind of weight file: a safetensors file, a GGUF file, a model folder. */
import { stat } from 'node:fs/promises';
import { checkFinite } from './check-finite.ts';
import { dequantize } from './dequantize.ts';
import { isConvertible } from './ggml-type.ts';
import { GgufFile } from './gguf-file.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import type { JsonObject } from './json-object.ts';
import { ModelFolderReader } from './model-folder-reader.ts';
import { SafetensorsFile } from './safetensors-file.ts';
import { FLOATS, toWeights } from './to-weights.ts';

/** A tensor as a file lists it. */
export interface StoredTensor {
  type: string;
  shape: number[];
  bytes: number;
}

/** A file or folder of weights. Close it after use. */
export interface StoredWeights {
  kind: 'safetensors' | 'gguf' | 'folder';
  /** `config.json` of a folder, metadata of a file. */
  metadata: JsonObject;
  tensors: Map<string, StoredTensor>;
  /** Reads a tensor and checks that its numbers are finite, as far as its type is known. */
  check(name: string): Promise<void>;
  close(): Promise<void>;
}

function listed(infos: ReadonlyMap<string, { dtype: string; shape: number[]; begin: number; end: number }>) {
  return new Map(
    [...infos].map(
      ([name, { dtype, shape, begin, end }]) => [name, { type: dtype, shape, bytes: end - begin }] as const,
    ),
  );
}

function fromSafetensors(reader: SafetensorsFile | ModelFolderReader, path: string): StoredWeights {
  const isFolder = reader instanceof ModelFolderReader;
  const check = async (name: string): Promise<void> => {
    const tensor = await reader.read(name);
    if (isFolder || FLOATS.has(tensor.dtype)) toWeights(tensor, `${path}, tensor "${name}"`);
  };
  return {
    kind: isFolder ? 'folder' : 'safetensors',
    metadata: isFolder ? reader.config : { ...reader.metadata },
    tensors: listed(reader.tensors),
    check,
    close: () => reader.close(),
  };
}

/** Metadata as plain JSON; long lists by their length. */
function plainMetadata(metadata: GgufMetadata): JsonObject {
  const plain = [...metadata].map(([key, entry]) => {
    return [key, 'value' in entry ? entry.value : `${entry.list.length} × ${entry.type}`] as const;
  });
  return Object.fromEntries(plain);
}

function fromGguf(file: GgufFile): StoredWeights {
  const check = async (name: string): Promise<void> => {
    const { data, shape, type } = await file.read(name);
    const where = `${file.path}, tensor "${name}"`;
    if (isConvertible(type)) checkFinite(dequantize(data, shape, type, where), where);
  };
  return {
    kind: 'gguf',
    metadata: plainMetadata(file.metadata),
    tensors: new Map(
      [...file.tensors].map(([name, { type, shape, begin, end }]) => [name, { type, shape, bytes: end - begin }]),
    ),
    check,
    close: () => file.close(),
  };
}

/**
 * Opens a model folder, a `.gguf` file, or a safetensors file, and checks all headers.
 *
 * @throws WeightsError `FILE_NOT_FOUND`, or what is wrong
 */
export async function openStoredWeights(path: string): Promise<StoredWeights> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (isFolder) return fromSafetensors(await ModelFolderReader.open(path), path);
  if (path.endsWith('.gguf')) return fromGguf(await GgufFile.open(path));
  return fromSafetensors(await SafetensorsFile.open(path), path);
}
