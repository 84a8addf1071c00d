/** Whole models as GGUF files that llama.cpp runs: configuration, tokenizer and tensors, under the names of transformers on this side. */
import { basename } from 'node:path';
import { checkFinite } from './check-finite.ts';
import { configFromGguf } from './config-from-gguf.ts';
import { dequantize } from './dequantize.ts';
import type { QuantizationType } from './ggml-type.ts';
import type { GgufShape } from './gguf-config.ts';
import { ggufConfigMetadata, ggufShape } from './gguf-config.ts';
import type { GgufTensorSource } from './gguf-file.ts';
import { GgufFile, writeGguf } from './gguf-file.ts';
import type { GgufMetadata, GgufValue } from './gguf-metadata.ts';
import { ggufNames, permutedHeads, toHalves, toPairs } from './gguf-names.ts';
import type { GgufTokenizer, TokenRoles } from './gguf-tokenizer.ts';
import { ggufTokenizerMetadata, tokenizerFromGguf } from './gguf-tokenizer.ts';
import type { JsonObject } from './json-object.ts';
import type { QuantizationError } from './quantize-tensors.ts';
import { quantizeWithError, tensorType } from './quantize-tensors.ts';
import type { TensorSource } from './tensor-source.ts';
import { WeightsError } from './weights-error.ts';

/** Numbers of `general.file_type` (llama.cpp, `llama_ftype`). */
const FILE_TYPES: Readonly<Record<QuantizationType, number>> = { F32: 0, F16: 1, Q4_0: 2, Q8_0: 7, Q4_K: 14, BF16: 32 };

/** What llama.cpp takes for a model without a vocabulary. */
const NO_TOKENIZER: GgufMetadata = new Map([['tokenizer.ggml.model', { type: 'string', value: 'none' }]]);

const ROPE_FACTORS = 'rope_freqs.weight';

/** A model to be saved. */
export interface GgufModelInput {
  /** Contents of `config.json`, of `model_type` llama or smollm3. */
  config: JsonObject;
  /** By their names in transformers. */
  tensors: ReadonlyMap<string, TensorSource>;
  /** Without one, llama.cpp can evaluate token ids but no text. */
  tokenizer?: GgufTokenizer;
  /** Type of most matrices (default F16); `tensorType` says which. */
  type?: QuantizationType;
  /** `general.name` (default: the file's name). */
  name?: string;
}

function generalMetadata(type: QuantizationType, name: string): [string, GgufValue][] {
  return [
    ['general.name', { type: 'string', value: name }],
    ['general.type', { type: 'string', value: 'model' }],
    ['general.file_type', { type: 'u32', value: FILE_TYPES[type] }],
    ['general.quantization_version', { type: 'u32', value: 2 }],
  ];
}

function buildMetadata(model: GgufModelInput, type: QuantizationType, name: string, shape: GgufShape): GgufMetadata {
  const [architecture, ...keys] = ggufConfigMetadata(model.config);
  const metadata: GgufMetadata = new Map([architecture, ...generalMetadata(type, name), ...keys]);
  const tokenizer =
    model.tokenizer && ggufTokenizerMetadata(model.tokenizer, model.config as TokenRoles, shape.vocabulary);
  for (const [key, value] of tokenizer ?? NO_TOKENIZER) metadata.set(key, value);
  return metadata;
}

/** Sources of the file's tensors, which measure themselves as they are written. */
function fileSources(
  model: GgufModelInput,
  type: QuantizationType,
  shape: GgufShape,
  errors: QuantizationError[],
): GgufTensorSource[] {
  const names = ggufNames(shape);
  for (const name of model.tensors.keys()) {
    if (!names.has(name) && !(shape.tied && name === 'lm_head.weight')) {
      throw new WeightsError('BAD_TENSOR', `tensor "${name}": ${shape.architecture} in GGUF has no place for it`);
    }
  }
  const sources = [...names].map(([name, ggufName]): GgufTensorSource => {
    const source = model.tensors.get(name);
    if (source === undefined) throw new WeightsError('TENSOR_NOT_FOUND', `tensor "${name}": the model lacks it`);
    const stored = tensorType(name, source.shape, type);
    const heads = permutedHeads(name, shape);
    checkHeadRows(name, source.shape, heads, shape);
    const bytes = async (): Promise<Uint8Array> => {
      const values = checkFinite(await source.read(), `tensor "${name}"`);
      const data = heads > 0 ? toPairs(values, heads, source.shape[1]) : values;
      const result = quantizeWithError(name, { shape: source.shape, data }, stored);
      errors.push(result.error);
      return result.bytes;
    };
    return { name: ggufName, type: stored, shape: source.shape, bytes };
  });
  const factors = shape.ropeFactors;
  if (factors === undefined) return sources;
  const bytes = (): Uint8Array => new Uint8Array(factors.buffer);
  return [{ name: ROPE_FACTORS, type: 'F32', shape: [factors.length], bytes }, ...sources];
}

/**
 * Saves a model as a GGUF file that llama.cpp runs, atomically, with one tensor in memory at a time.
 *
 * @returns for every tensor its type, size and the error of storing it
 * @throws WeightsError `UNSUPPORTED_MODEL` for what GGUF or llama.cpp cannot express, `TENSOR_NOT_FOUND`, `BAD_TENSOR`
 */
export async function saveGguf(path: string, model: GgufModelInput): Promise<QuantizationError[]> {
  const { type = 'F16', name = basename(path, '.gguf') } = model;
  const shape = ggufShape(model.config);
  const errors: QuantizationError[] = [];
  const metadata = buildMetadata(model, type, name, shape);
  await writeGguf(path, metadata, fileSources(model, type, shape, errors));
  return errors;
}

/** A model in a GGUF file. Close it after use. */
export interface GgufModel {
  /** As `config.json`. */
  config: JsonObject;
  /** By their names in transformers, in its layout. */
  tensors: Map<string, TensorSource>;
  tokenizer?: GgufTokenizer;
  close(): Promise<void>;
}

/** Queries and keys change rows within heads, so their rows must be what the heads say. */
function checkHeadRows(name: string, rows: readonly number[], heads: number, { headDimension }: GgufShape): void {
  if (heads === 0 || (rows.length === 2 && rows[0] === heads * headDimension && headDimension % 2 === 0)) return;
  throw new WeightsError(
    'BAD_TENSOR',
    `tensor "${name}": must have ${heads} heads of ${headDimension} (an even number) rows, got [${rows}]`,
  );
}

function modelSources(file: GgufFile, shape: GgufShape): Map<string, TensorSource> {
  const sources = new Map<string, TensorSource>();
  for (const [name, ggufName] of ggufNames(shape)) {
    const info = file.tensors.get(ggufName);
    if (info === undefined) throw new WeightsError('TENSOR_NOT_FOUND', `${file.path}: lacks tensor "${ggufName}"`);
    const heads = permutedHeads(name, shape);
    checkHeadRows(`${file.path}, ${ggufName}`, info.shape, heads, shape);
    const read = async (): Promise<Float32Array> => {
      const stored = await file.read(ggufName);
      const where = `${file.path}, ${ggufName}`;
      const values = checkFinite(dequantize(stored.data, stored.shape, stored.type, where), where);
      return heads > 0 ? toHalves(values, heads, stored.shape[1]) : values;
    };
    sources.set(name, { shape: info.shape, read });
  }
  return sources;
}

/**
 * Opens a GGUF file of the architecture llama or smollm3 as a model.
 *
 * @throws WeightsError what is wrong with the file, `UNSUPPORTED_MODEL` for other architectures and rope factors
 */
export async function openGgufModel(path: string): Promise<GgufModel> {
  const file = await GgufFile.open(path);
  try {
    if (file.tensors.has(ROPE_FACTORS)) {
      throw new WeightsError(
        'UNSUPPORTED_MODEL',
        `${path}: tensor "${ROPE_FACTORS}" holds rope factors, whose settings GGUF does not keep; convert from the original folder`,
      );
    }
    const config = configFromGguf(file.metadata, !file.tensors.has('output.weight'), path);
    const tensors = modelSources(file, ggufShape(config));
    const tokenizer = tokenizerFromGguf(file.metadata);
    return { config, tensors, ...(tokenizer && { tokenizer }), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}
