import type { GgufTokenizer } from '@smol/weights';
import { ModelFolderReader, openGgufModel } from '@smol/weights/node';
import { SmolLM } from './smol-lm.ts';

/**
 * Loads a model from a Hugging Face folder: `config.json` and `model.safetensors`, in one file or shards, F32, BF16 or F16.
 * One tensor at a time is in memory twice.
 *
 * @throws WeightsError when a file is missing or damaged, or a weight is not finite; ModelError when the configuration or
 * the tensors don't fit
 */
export async function loadModel(folder: string): Promise<SmolLM> {
  const reader = await ModelFolderReader.open(folder);
  try {
    const shapes = new Map([...reader.tensors].map(([name, { shape }]) => [name, shape]));
    return await SmolLM.load(reader.config, shapes, (name) => reader.readWeights(name));
  } finally {
    await reader.close();
  }
}

/**
 * Loads a model from a GGUF file of the architectures llama and smollm3; quantized weights are expanded to f32.
 *
 * @returns the model, and its tokenizer as Hugging Face's `tokenizer.json` (for `Tokenizer.fromJson` of @smol/tokenizer)
 * @throws as {@link loadModel}
 */
export async function loadGgufModel(path: string): Promise<{ model: SmolLM; tokenizer?: GgufTokenizer }> {
  const { config, tensors, tokenizer, close } = await openGgufModel(path);
  try {
    const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
    const model = await SmolLM.load(config, shapes, (name) => tensors.get(name)!.read());
    return { model, ...(tokenizer && { tokenizer }) };
  } finally {
    await close();
  }
}
