import type { GgufTokenizer, QuantizationError, QuantizationType } from '@smol/weights';
import { saveGguf, saveModelFolder } from '@smol/weights/node';
import type * as tf from '@tensorflow/tfjs-core';
import { toConfigJson } from './config-json.ts';
import type { SmolLM } from './smol-lm.ts';

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

/** Options of {@link saveGgufModel}. */
export interface SaveGgufOptions {
  /** How most matrices are stored (default F16). */
  type?: QuantizationType;
  /** Without one, llama.cpp can evaluate token ids but no text. */
  tokenizer?: GgufTokenizer;
  /** `general.name` (default: the file's name). */
  name?: string;
}

const read = async (variable: tf.Variable): Promise<Float32Array> => (await variable.data()) as Float32Array;

/**
 * Saves a model as a Hugging Face folder that transformers loads, one tensor in memory at a time. Every file appears only
 * when it is whole.
 *
 * @param folder is created when absent
 * @throws WeightsError `INVALID_ARGUMENT` when a name in `files` is not a plain file name
 */
export async function saveModel(model: SmolLM, folder: string, options: SaveModelOptions = {}): Promise<void> {
  const { dtype = 'F32' } = options;
  const { bos_token_id, eos_token_id, pad_token_id } = model.config;
  const tensors = [...model.parameters].map(([name, variable]) => {
    return [name, { shape: variable.shape, dtype, load: () => read(variable) }] as const;
  });
  await saveModelFolder(folder, {
    config: { ...toConfigJson(model.config), torch_dtype: { F32: 'float32', BF16: 'bfloat16', F16: 'float16' }[dtype] },
    generationConfig: { bos_token_id, eos_token_id, pad_token_id },
    ...options,
    tensors: new Map(tensors),
  });
}

/**
 * Saves a model as a GGUF file that llama.cpp runs, one tensor in memory at a time.
 *
 * @returns for every tensor its type, size and the error of storing it
 * @throws WeightsError `UNSUPPORTED_MODEL` for what llama.cpp cannot run, such as other NoPE patterns than every fourth layer
 */
export async function saveGgufModel(
  model: SmolLM,
  path: string,
  options: SaveGgufOptions = {},
): Promise<QuantizationError[]> {
  const tensors = [...model.parameters].map(([name, variable]) => {
    return [name, { shape: variable.shape, read: () => read(variable) }] as const;
  });
  return saveGguf(path, { config: { ...model.config }, tensors: new Map(tensors), ...options });
}
