/** Model folders to GGUF files and back, one tensor in memory at a time. */
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dtype } from './dtype.ts';
import type { QuantizationType } from './ggml-type.ts';
import { openGgufModel, saveGguf } from './gguf-model.ts';
import type { GgufModel } from './gguf-model.ts';
import type { GgufTokenizer } from './gguf-tokenizer.ts';
import type { JsonObject } from './json-object.ts';
import { readJsonObject } from './json-file.ts';
import { saveModelFolder } from './model-folder.ts';
import { ModelFolderReader } from './model-folder-reader.ts';
import type { QuantizationError } from './quantize-tensors.ts';
import type { TensorSource } from './tensor-source.ts';
import type { LazyTensorInput } from './tensor.ts';
import { WeightsError } from './weights-error.ts';

/** Options of {@link convertModel}. */
export interface ConvertOptions {
  /** How matrices are stored (default: F16 in GGUF, F32 in a folder). */
  type?: QuantizationType;
  /** `general.name` of a GGUF file. */
  name?: string;
}

const isAbsent = (error: unknown): boolean => {
  const { code } = error as { code?: string };
  return code === 'FILE_NOT_FOUND' || code === 'ENOENT';
};

/** The result, or undefined where the file is absent. */
async function optional<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * The tokenizer of a model folder, if it has one: `tokenizer.json`, and the chat template from `chat_template.jinja` or
 * `tokenizer_config.json`.
 *
 * @throws WeightsError `BAD_FOLDER` when a file is not JSON
 */
export async function readFolderTokenizer(folder: string): Promise<GgufTokenizer | undefined> {
  const tokenizerJson = await optional(readJsonObject(join(folder, 'tokenizer.json')));
  if (tokenizerJson === undefined) return undefined;
  const template = await optional(readFile(join(folder, 'chat_template.jinja'), 'utf8'));
  const settings = await optional(readJsonObject(join(folder, 'tokenizer_config.json')));
  const chatTemplate = template ?? settings?.chat_template;
  return { tokenizerJson, ...(typeof chatTemplate === 'string' && { chatTemplate }) };
}

async function openFolder(folder: string): Promise<GgufModel> {
  const reader = await ModelFolderReader.open(folder);
  const source = (name: string, shape: readonly number[]): TensorSource => ({
    shape,
    read: () => reader.readWeights(name),
  });
  const tensors = new Map([...reader.tensors].map(([name, { shape }]) => [name, source(name, shape)]));
  const tokenizer = await readFolderTokenizer(folder);
  return { config: reader.config, tensors, ...(tokenizer && { tokenizer }), close: () => reader.close() };
}

function folderFiles(tokenizer: GgufTokenizer | undefined, config: JsonObject): Record<string, string> {
  if (tokenizer === undefined) return {};
  const { tokenizerJson, chatTemplate } = tokenizer;
  const added = (tokenizerJson.added_tokens ?? []) as { id: number; content: string }[];
  const content = (id: unknown): string | undefined => added.find((token) => token.id === [id].flat()[0])?.content;
  const settings = {
    bos_token: content(config.bos_token_id),
    eos_token: content(config.eos_token_id),
    pad_token: content(config.pad_token_id),
    clean_up_tokenization_spaces: false,
    tokenizer_class: 'PreTrainedTokenizerFast',
  };
  const pretty = (json: object): string => `${JSON.stringify(json, null, 2)}\n`;
  return {
    'tokenizer.json': pretty(tokenizerJson),
    'tokenizer_config.json': pretty(settings),
    ...(chatTemplate !== undefined && { 'chat_template.jinja': chatTemplate }),
  };
}

const TORCH_DTYPES: Partial<Record<QuantizationType, string>> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' };

async function saveFolder(folder: string, model: GgufModel, type: QuantizationType): Promise<void> {
  const torchDtype = TORCH_DTYPES[type];
  if (torchDtype === undefined) {
    throw new WeightsError(
      'INVALID_ARGUMENT',
      `a model folder holds F32, F16 or BF16, not ${type}; write a .gguf file`,
    );
  }
  const lazy = ({ shape, read }: TensorSource): LazyTensorInput => ({ shape, dtype: type as Dtype, load: read });
  const tensors = new Map([...model.tensors].map(([name, source]) => [name, lazy(source)]));
  const config = { ...model.config, torch_dtype: torchDtype };
  await saveModelFolder(folder, { config, tensors, files: folderFiles(model.tokenizer, model.config) });
}

async function checkDifferent(input: string, output: string): Promise<void> {
  const places = await Promise.all([realpath(input), realpath(output).catch(() => undefined)]);
  if (places[0] === places[1]) {
    throw new WeightsError('INVALID_ARGUMENT', `${output}: is the input; write to another place`);
  }
}

/**
 * Converts a model: folder or `.gguf` file to folder or `.gguf` file, by the names' endings.
 *
 * @returns for a GGUF file, what storing did to each tensor
 * @throws WeightsError what is wrong with the input, or `UNSUPPORTED_MODEL` when the output cannot express it
 */
export async function convertModel(
  input: string,
  output: string,
  options: ConvertOptions = {},
): Promise<QuantizationError[]> {
  const model = input.endsWith('.gguf') ? await openGgufModel(input) : await openFolder(input);
  try {
    await checkDifferent(input, output);
    if (output.endsWith('.gguf')) return await saveGguf(output, { ...model, ...options });
    await saveFolder(output, model, options.type ?? 'F32');
    return [];
  } finally {
    await model.close();
  }
}
