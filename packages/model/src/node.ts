import { toFloat32 } from '@smol/weights';
import { loadModelFolder, saveModelFolder } from '@smol/weights/node';
import { toConfigJson } from './config-json.ts';
import { SmolLM } from './smol-lm.ts';

/** Options of {@link saveModel}. */
export interface SaveModelOptions {
  /** How weights are stored (default F32; BF16 halves the file and rounds). */
  dtype?: 'F32' | 'BF16' | 'F16';
  /** `generation_config.json` (default: the token ids of the configuration). */
  generationConfig?: object;
  /** More files by name: tokenizer.json, README.md, chat_template.jinja, … */
  files?: Readonly<Record<string, string | Uint8Array>>;
  /** Bytes of weights in one file before another is begun (default 5 GB). */
  maximumShardBytes?: number;
}

/**
 * Loads a model from a Hugging Face folder: `config.json` and `model.safetensors`, in one file or shards, F32, BF16 or F16.
 *
 * @throws WeightsError when a file is missing or damaged, ModelError when the configuration or the tensors don't fit
 */
export async function loadModel(folder: string): Promise<SmolLM> {
  const { config, tensors } = await loadModelFolder(folder);
  const values = [...tensors].map(
    ([name, tensor]) => [name, { shape: tensor.shape, data: toFloat32(tensor) }] as const,
  );
  return SmolLM.fromTensors(config, new Map(values));
}

/**
 * Saves a model as a Hugging Face folder that transformers loads. Every file appears only when it is whole.
 *
 * @param folder is created when absent
 * @throws WeightsError `INVALID_ARGUMENT` when a name in `files` is not a plain file name
 */
export async function saveModel(model: SmolLM, folder: string, options: SaveModelOptions = {}): Promise<void> {
  const { dtype = 'F32' } = options;
  const { bos_token_id, eos_token_id, pad_token_id } = model.config;
  await saveModelFolder(folder, {
    config: { ...toConfigJson(model.config), torch_dtype: { F32: 'float32', BF16: 'bfloat16', F16: 'float16' }[dtype] },
    generationConfig: { bos_token_id, eos_token_id, pad_token_id },
    tensors: model.toTensors(),
    ...options,
  });
}
