/** `tokenizer.json` of a byte-level BPE to llama.cpp's keys (`tokenizer.ggml.…`), and back. */
import type { GgufMetadata, GgufValue } from './gguf-metadata.ts';
import { BYTE_LEVEL, preTokenizerName, preTokenizerOf } from './gguf-pre-tokenizers.ts';
import type { JsonObject } from './json-object.ts';
import { WeightsError } from './weights-error.ts';

/** A tokenizer as a Hugging Face folder holds it. */
export interface GgufTokenizer {
  /** Contents of `tokenizer.json`. */
  tokenizerJson: JsonObject;
  /** Jinja source. */
  chatTemplate?: string;
}

/** Ids that `config.json` gives roles. */
export interface TokenRoles {
  bos_token_id?: number | null;
  eos_token_id?: number | number[] | null;
  pad_token_id?: number | null;
}

const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;

function refuse(problem: string): never {
  throw new WeightsError('UNSUPPORTED_MODEL', `GGUF: tokenizer.json: ${problem}`);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Token {
  text: string;
  type: number;
}

/** Tokens by id, up to the size of the embedding table; ids without a token are filled as llama.cpp's converter does. */
function tokenList(json: JsonObject, model: JsonObject, size: number): Token[] {
  const tokens = Array.from({ length: size }, (_, id): Token => ({ text: `[PAD${id}]`, type: UNUSED }));
  const put = (id: number, text: string, type: number): void => {
    if (!Number.isInteger(id) || id < 0 || id >= size) {
      refuse(`token ${JSON.stringify(text)} has the id ${id}, but the model's vocabulary has ${size} entries`);
    }
    tokens[id] = { text, type };
  };
  for (const [text, id] of Object.entries(model.vocab as Record<string, number>)) put(id, text, NORMAL);
  for (const added of (json.added_tokens ?? []) as JsonObject[]) {
    put(added.id as number, added.content as string, added.special === true ? CONTROL : USER_DEFINED);
  }
  return tokens;
}

/** Whether the post-processor begins every text with a special token. */
function addsBos(json: unknown): boolean {
  const parts = isObject(json) && json.type === 'Sequence' ? (json.processors as unknown[]) : [json];
  const template = parts.find((part): part is JsonObject => isObject(part) && part.type === 'TemplateProcessing');
  const first = (template?.single as unknown[] | undefined)?.[0];
  return isObject(first) && 'SpecialToken' in first;
}

const mergeText = (merge: unknown): string => (Array.isArray(merge) ? merge.join(' ') : String(merge));

/** SmolLM3's template copies a list by `[:]`, which llama.cpp's Jinja does not know (its converter removes it, too). */
const forLlamaCpp = (template: string): string => template.replaceAll('[:]', '');

/**
 * The metadata of a tokenizer.
 *
 * @param roles ids from `config.json`
 * @param vocabularySize rows of the embedding table
 * @throws WeightsError `UNSUPPORTED_MODEL` when it is no byte-level BPE, or splits texts in a way llama.cpp has no name for
 */
export function ggufTokenizerMetadata(
  { tokenizerJson, chatTemplate }: GgufTokenizer,
  roles: TokenRoles,
  vocabularySize: number,
): GgufMetadata {
  const model = tokenizerJson.model;
  if (!isObject(model) || !isObject(model.vocab) || !Array.isArray(model.merges)) {
    return refuse('must be a byte-level BPE with a vocabulary and merges');
  }
  const tokens = tokenList(tokenizerJson, model, vocabularySize);
  const entries: [string, GgufValue | undefined][] = [
    ['model', { type: 'string', value: 'gpt2' }],
    ['pre', { type: 'string', value: preTokenizerName(tokenizerJson.pre_tokenizer, model.ignore_merges === true) }],
    ['tokens', { type: 'string', list: tokens.map(({ text }) => text) }],
    ['token_type', { type: 'i32', list: tokens.map(({ type }) => type) }],
    ['merges', { type: 'string', list: model.merges.map(mergeText) }],
    ['bos_token_id', tokenId(roles.bos_token_id)],
    ['eos_token_id', tokenId([roles.eos_token_id].flat()[0])],
    ['padding_token_id', tokenId(roles.pad_token_id)],
    ['add_bos_token', { type: 'bool', value: addsBos(tokenizerJson.post_processor) }],
  ];
  const metadata: GgufMetadata = new Map();
  for (const [key, value] of entries) if (value) metadata.set(`tokenizer.ggml.${key}`, value);
  if (chatTemplate !== undefined) {
    metadata.set('tokenizer.chat_template', { type: 'string', value: forLlamaCpp(chatTemplate) });
  }
  return metadata;
}

const tokenId = (id: number | null | undefined): GgufValue | undefined =>
  id == null ? undefined : { type: 'u32', value: id };

function list<T>(metadata: GgufMetadata, key: string): readonly T[] {
  const entry = metadata.get(key);
  return entry && 'list' in entry ? (entry.list as readonly unknown[] as readonly T[]) : [];
}

const text = (metadata: GgufMetadata, key: string): string | undefined => {
  const entry = metadata.get(key);
  return entry && 'value' in entry && typeof entry.value === 'string' ? entry.value : undefined;
};

const addedToken = (id: number, content: string, special: boolean): JsonObject => {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
};

/** Begins every text with the token `bos`. */
function bosProcessor(bos: string, id: number): JsonObject {
  const begin = { SpecialToken: { id: bos, type_id: 0 } };
  const sequence = (name: string, typeId: number): JsonObject => ({ Sequence: { id: name, type_id: typeId } });
  return {
    type: 'TemplateProcessing',
    single: [begin, sequence('A', 0)],
    pair: [begin, sequence('A', 0), sequence('B', 1)],
    special_tokens: { [bos]: { id: bos, ids: [id], tokens: [bos] } },
  };
}

/**
 * The tokenizer of a GGUF file as `tokenizer.json`, or undefined when the file has none.
 *
 * @throws WeightsError `UNSUPPORTED_MODEL` when it is no byte-level BPE that is known here
 */
export function tokenizerFromGguf(metadata: GgufMetadata): GgufTokenizer | undefined {
  const tokens = list<string>(metadata, 'tokenizer.ggml.tokens');
  if (tokens.length === 0) return undefined;
  const model = text(metadata, 'tokenizer.ggml.model');
  const name = text(metadata, 'tokenizer.ggml.pre') ?? '';
  const pre = preTokenizerOf(name);
  if (model !== 'gpt2' || pre === undefined)
    refuse(`tokenizer ${String(model)} with pre-tokenizer "${name}" is not supported`);
  const types = list<number>(metadata, 'tokenizer.ggml.token_type');
  const isOf = (...wanted: number[]) =>
    tokens.map((content, id) => ({ content, id })).filter(({ id }) => wanted.includes(types[id] ?? NORMAL));
  const bos = metadata.get('tokenizer.ggml.bos_token_id');
  const addBos = metadata.get('tokenizer.ggml.add_bos_token');
  const begins = addBos && 'value' in addBos && addBos.value === true && bos && 'value' in bos;
  const chatTemplate = text(metadata, 'tokenizer.chat_template');
  return {
    tokenizerJson: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: isOf(CONTROL, USER_DEFINED).map(({ id, content }) =>
        addedToken(id, content, types[id] === CONTROL),
      ),
      normalizer: null,
      pre_tokenizer: pre.json,
      post_processor: begins ? bosProcessor(tokens[bos.value as number], bos.value as number) : null,
      decoder: { ...BYTE_LEVEL, use_regex: true },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: pre.ignoreMerges ?? false,
        vocab: Object.fromEntries(isOf(NORMAL).map(({ content, id }) => [content, id])),
        merges: [...list<string>(metadata, 'tokenizer.ggml.merges')],
      },
    },
    ...(chatTemplate !== undefined && { chatTemplate }),
  };
}
