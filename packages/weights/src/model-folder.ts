import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { writeAtomically } from './atomic-write.ts';
import type { Dtype } from './dtype.ts';
import type { JsonObject } from './json-file.ts';
import { readJsonObject, writeJson } from './json-file.ts';
import { readSafetensors, writeSafetensors } from './safetensors-file.ts';
import { INDEX_FILE, planShards, SINGLE_FILE, withDtype } from './shards.ts';
import type { NamedTensor, TensorInputs } from './tensor.ts';
import { WeightsError } from './weights-error.ts';

const CONFIG_FILE = 'config.json';
const GENERATION_CONFIG_FILE = 'generation_config.json';
const WEIGHT_FILE = /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/;

/** What goes into a model folder. */
export interface ModelFolderInput {
  /** `config.json`. */
  config: object;
  tensors: TensorInputs;
  /** `generation_config.json`. */
  generationConfig?: object;
  /** How to store f32 tensors that do not say it themselves. Default F32. */
  dtype?: Dtype;
  /** Data bytes in one file before another is begun. Default 5 GB, as `transformers` does. */
  maximumShardBytes?: number;
  /** More files by name, such as `README.md` or `chat_template.jinja`. */
  files?: Readonly<Record<string, string | Uint8Array>>;
}

/** What a model folder holds. */
export interface ModelFolder {
  config: JsonObject;
  generationConfig?: JsonObject;
  tensors: Map<string, NamedTensor>;
}

function checkFileName(name: string, folder: string): void {
  if (name === '' || name === '.' || name === '..' || basename(name) !== name || name.includes('\\')) {
    throw new WeightsError('INVALID_ARGUMENT', `${folder}: "${name}" is not a plain file name`);
  }
}

async function removeOtherWeights(folder: string, written: ReadonlySet<string>): Promise<void> {
  const stale = (await readdir(folder)).filter((name) => WEIGHT_FILE.test(name) && !written.has(name));
  for (const name of stale) await rm(join(folder, name));
}

/**
 * Saves a model as a Hugging Face folder: `config.json`, `generation_config.json`, and `model.safetensors` or shards with
 * `model.safetensors.index.json`. Each file appears only when it is whole; weight files of an earlier save that no
 * longer belong are removed last.
 *
 * @param folder is created when absent
 * @throws WeightsError `BAD_TENSOR`, `UNSUPPORTED_DTYPE` or `INVALID_ARGUMENT`
 */
export async function saveModelFolder(folder: string, model: ModelFolderInput): Promise<void> {
  const { config, tensors, generationConfig, dtype, maximumShardBytes = 5e9, files = {} } = model;
  for (const name of Object.keys(files)) checkFileName(name, folder);
  const plan = planShards(withDtype(tensors, dtype), maximumShardBytes);
  await mkdir(folder, { recursive: true });
  for (const shard of plan.files) await writeSafetensors(join(folder, shard.name), shard.tensors);
  if (plan.index) await writeJson(join(folder, INDEX_FILE), plan.index);
  await removeOtherWeights(
    folder,
    new Set([...plan.files.map(({ name }) => name), ...(plan.index ? [INDEX_FILE] : [])]),
  );
  if (generationConfig) await writeJson(join(folder, GENERATION_CONFIG_FILE), generationConfig);
  for (const [name, contents] of Object.entries(files)) {
    const bytes = typeof contents === 'string' ? new TextEncoder().encode(contents) : contents;
    await writeAtomically(join(folder, name), [bytes]);
  }
  await writeJson(join(folder, CONFIG_FILE), config);
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

async function readShards(folder: string): Promise<Map<string, NamedTensor>> {
  const indexPath = join(folder, INDEX_FILE);
  const weightMap = parseWeightMap(await readJsonObject(indexPath), indexPath);
  const found = new Map<string, NamedTensor>();
  for (const file of new Set(weightMap.values())) {
    for (const [name, tensor] of (await readSafetensors(join(folder, file))).tensors) {
      if (weightMap.get(name) !== file) {
        throw new WeightsError(
          'BAD_FOLDER',
          `${join(folder, file)}: holds "${name}", which the index places in ${weightMap.get(name) ?? 'no file'}`,
        );
      }
      found.set(name, tensor);
    }
  }
  for (const [name, file] of weightMap) {
    if (!found.has(name))
      throw new WeightsError(
        'TENSOR_NOT_FOUND',
        `${join(folder, file)}: lacks "${name}", which the index places there`,
      );
  }
  return found;
}

/**
 * Loads a Hugging Face model folder with one weight file or shards.
 *
 * @throws WeightsError `FILE_NOT_FOUND`, `BAD_FOLDER`, `TENSOR_NOT_FOUND` or what is wrong with a weight file
 */
export async function loadModelFolder(folder: string): Promise<ModelFolder> {
  const config = await readJsonObject(join(folder, CONFIG_FILE));
  const generationPath = join(folder, GENERATION_CONFIG_FILE);
  const generationConfig = (await exists(generationPath)) ? await readJsonObject(generationPath) : undefined;
  const isSharded = !(await exists(join(folder, SINGLE_FILE))) && (await exists(join(folder, INDEX_FILE)));
  const tensors = isSharded ? await readShards(folder) : (await readSafetensors(join(folder, SINGLE_FILE))).tensors;
  return { config, generationConfig, tensors };
}
