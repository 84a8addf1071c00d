import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from './atomic-write.ts';
import type { Dtype } from './dtype.ts';
import type { JsonObject } from './json-object.ts';
import { writeJson } from './json-file.ts';
import { checkFileName, CONFIG_FILE, GENERATION_CONFIG_FILE, ModelFolderReader } from './model-folder-reader.ts';
import { writeSafetensors } from './safetensors-file.ts';
import { INDEX_FILE, planShards, withDtype } from './shards.ts';
import type { NamedTensor, WritableTensors } from './tensor.ts';

const WEIGHT_FILE = /^model(-\d+-of-\d+)?\.safetensors(\.index\.json)?$/;

/** What goes into a model folder. */
export interface ModelFolderInput {
  /** `config.json`. */
  config: object;
  tensors: WritableTensors;
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

/**
 * Loads a Hugging Face model folder with one weight file or shards.
 *
 * @throws WeightsError `FILE_NOT_FOUND`, `BAD_FOLDER`, `TENSOR_NOT_FOUND` or what is wrong with a weight file
 */
export async function loadModelFolder(folder: string): Promise<ModelFolder> {
  const reader = await ModelFolderReader.open(folder);
  try {
    const tensors = new Map<string, NamedTensor>();
    for (const name of reader.tensors.keys()) tensors.set(name, await reader.read(name));
    const { config, generationConfig } = reader;
    return { config, generationConfig, tensors };
  } finally {
    await reader.close();
  }
}
