import { access } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TensorInfo } from './header.ts';
import type { JsonObject } from './json-object.ts';
import { readJsonObject } from './json-file.ts';
import { SafetensorsFile } from './safetensors-file.ts';
import { INDEX_FILE, SINGLE_FILE } from './shards.ts';
import type { NamedTensor } from './tensor.ts';
import { toWeights } from './to-weights.ts';
import { WeightsError } from './weights-error.ts';

/** What a model is. */
export const CONFIG_FILE = 'config.json';
/** How text is generated with it. */
export const GENERATION_CONFIG_FILE = 'generation_config.json';

/**
 * Refuses names that could reach out of a folder.
 *
 * @throws WeightsError `INVALID_ARGUMENT`
 */
export function checkFileName(name: string, folder: string): void {
  if (name === '' || name === '.' || name === '..' || basename(name) !== name || /[\\\0:]/.test(name)) {
    throw new WeightsError('INVALID_ARGUMENT', `${folder}: "${name}" is not a plain file name`);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** tensor → shard, checked: file names must be plain, so that an index cannot reach out of its folder. */
function parseWeightMap(index: JsonObject, path: string): Map<string, string> {
  const map = index.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new WeightsError('BAD_FOLDER', `${path}: weight_map must map tensor names to files`);
  }
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string')
      throw new WeightsError('BAD_FOLDER', `${path}: the file of "${tensor}" must be a string`);
    checkFileName(file, path);
  }
  return new Map(Object.entries(map as Record<string, string>));
}

/** Index and shards must say the same. */
function checkPlaces(weightMap: ReadonlyMap<string, string>, files: ReadonlyMap<string, SafetensorsFile>): void {
  for (const [file, { path, tensors }] of files) {
    for (const name of tensors.keys()) {
      if (weightMap.get(name) === file) continue;
      const place = weightMap.get(name) ?? 'no file';
      throw new WeightsError('BAD_FOLDER', `${path}: holds "${name}", which the index places in ${place}`);
    }
  }
  for (const [name, file] of weightMap) {
    const { path, tensors } = files.get(file) as SafetensorsFile;
    if (!tensors.has(name))
      throw new WeightsError('TENSOR_NOT_FOUND', `${path}: lacks "${name}", which the index places there`);
  }
}

async function openShards(folder: string, files: Map<string, SafetensorsFile>): Promise<void> {
  const indexPath = join(folder, INDEX_FILE);
  const weightMap = parseWeightMap(await readJsonObject(indexPath), indexPath);
  for (const file of new Set(weightMap.values())) {
    files.set(file, await SafetensorsFile.open(join(folder, file)));
  }
  checkPlaces(weightMap, files);
}

/** A Hugging Face model folder whose tensors are read one at a time, from one weight file or shards. Close it after use. */
export class ModelFolderReader {
  readonly folder: string;
  /** `config.json`. */
  readonly config: JsonObject;
  /** `generation_config.json`, if there is one. */
  readonly generationConfig?: JsonObject;
  /** Dtype, shape and place of every tensor. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly #files: ReadonlyMap<string, SafetensorsFile>;
  readonly #fileOf: ReadonlyMap<string, SafetensorsFile>;

  private constructor(
    folder: string,
    config: JsonObject,
    generationConfig: JsonObject | undefined,
    files: Map<string, SafetensorsFile>,
  ) {
    this.folder = folder;
    this.config = config;
    this.generationConfig = generationConfig;
    this.#files = files;
    const all = [...files.values()];
    this.tensors = new Map(all.flatMap((file) => [...file.tensors]));
    this.#fileOf = new Map(all.flatMap((file) => [...file.tensors.keys()].map((name) => [name, file] as const)));
  }

  /**
   * Opens a folder and checks its configuration, index and all headers; no tensor is read yet.
   *
   * @throws WeightsError `FILE_NOT_FOUND`, `BAD_FOLDER`, `TENSOR_NOT_FOUND` or what is wrong with a weight file
   */
  static async open(folder: string): Promise<ModelFolderReader> {
    const config = await readJsonObject(join(folder, CONFIG_FILE));
    const generationPath = join(folder, GENERATION_CONFIG_FILE);
    const generationConfig = (await exists(generationPath)) ? await readJsonObject(generationPath) : undefined;
    const files = new Map<string, SafetensorsFile>();
    try {
      const isSharded = !(await exists(join(folder, SINGLE_FILE))) && (await exists(join(folder, INDEX_FILE)));
      if (isSharded) await openShards(folder, files);
      else files.set(SINGLE_FILE, await SafetensorsFile.open(join(folder, SINGLE_FILE)));
      return new ModelFolderReader(folder, config, generationConfig, files);
    } catch (error) {
      for (const file of files.values()) await file.close();
      throw error;
    }
  }

  /**
   * Reads one tensor.
   *
   * @throws WeightsError `TENSOR_NOT_FOUND`
   */
  async read(name: string): Promise<NamedTensor> {
    const file = this.#fileOf.get(name);
    if (file === undefined) throw new WeightsError('TENSOR_NOT_FOUND', `${this.folder}: has no tensor "${name}"`);
    return file.read(name);
  }

  /**
   * Reads one tensor as numbers.
   *
   * @throws WeightsError `BAD_TENSOR` when it is no floating-point tensor or not finite, `TENSOR_NOT_FOUND`
   */
  async readWeights(name: string): Promise<Float32Array> {
    return toWeights(await this.read(name), `${this.folder}, tensor "${name}"`);
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const file of this.#files.values()) await file.close();
  }
}
