/** Ways to split a text before it is encoded: `pre_tokenizer` of `tokenizer.json`, and llama.cpp's names for them. */
import type { JsonObject } from './json-object.ts';
import { WeightsError } from './weights-error.ts';

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const LLAMA3 = `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const O200K = [
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+${CONTRACTIONS}?`,
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*${CONTRACTIONS}?`,
  '\\p{N}{1,3}',
  ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
  '\\s*[\\r\\n]+',
  '\\s+(?!\\S)',
  '\\s+',
].join('|');

/** What `tokenizer.json` says of pieces that are bytes. */
export const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
const splitBy = (regex: string): JsonObject => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: regex }, behavior: 'Isolated', invert: false },
    { ...BYTE_LEVEL, use_regex: false },
  ],
});

/** A way to split. */
export interface PreTokenizer {
  json: JsonObject;
  ignoreMerges?: boolean;
}

/**
 * Ways to split a text that llama.cpp knows (src/llama-vocab.cpp), by the name it has for them in `tokenizer.ggml.pre`.
 * `llama-bpe` and `smaug-bpe` split alike; the former takes a piece that is a token as it is (`ignore_merges`).
 */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  'llama-bpe': { json: splitBy(LLAMA3), ignoreMerges: true },
  'smaug-bpe': { json: splitBy(LLAMA3) },
  'gpt-2': { json: { ...BYTE_LEVEL, use_regex: true } },
  smollm: {
    json: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { ...BYTE_LEVEL, use_regex: true },
      ],
    },
  },
  'gpt-4o': { json: splitBy(O200K) },
};

/** Other names of the same, as files of others have them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  llama3: 'llama-bpe',
  'llama-v3': 'llama-bpe',
  dbrx: 'smaug-bpe',
  gpt2: 'gpt-2',
};

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The steps of a pre-tokenizer, without what has no effect: `trim_offsets`, and a lone step in a sequence. */
function stepsText(json: unknown): string {
  const list = isObject(json) && json.type === 'Sequence' ? (json.pretokenizers as unknown[]) : [json];
  return JSON.stringify(
    list.map((step) => {
      if (!isObject(step)) return step;
      const { type, pattern, behavior, invert, add_prefix_space, use_regex, individual_digits } = step;
      if (type === 'ByteLevel')
        return { type, add_prefix_space: add_prefix_space === true, use_regex: use_regex !== false };
      return type === 'Split' ? { type, pattern, behavior, invert: invert === true } : { type, individual_digits };
    }),
  );
}

/**
 * The name that llama.cpp has for a way to split.
 *
 * @param preTokenizer part of `tokenizer.json`
 * @param ignoreMerges `model.ignore_merges` of it
 * @throws WeightsError `UNSUPPORTED_MODEL` when it has none
 */
export function preTokenizerName(preTokenizer: unknown, ignoreMerges: boolean): string {
  const wanted = stepsText(preTokenizer);
  const known = Object.entries(PRE_TOKENIZERS).filter(([, { json }]) => stepsText(json) === wanted);
  const match = known.find(([, entry]) => (entry.ignoreMerges ?? false) === ignoreMerges);
  if (match !== undefined) return match[0];
  throw new WeightsError(
    'UNSUPPORTED_MODEL',
    `GGUF: tokenizer.json: llama.cpp has no name for the pre-tokenizer ${wanted.slice(0, 300)} ${ignoreMerges ? 'with' : 'without'} ignore_merges; it knows ${Object.keys(PRE_TOKENIZERS).join(', ')}`,
  );
}

/** The way to split that llama.cpp has this name for, if it is known here. */
export function preTokenizerOf(name: string): PreTokenizer | undefined {
  return PRE_TOKENIZERS[SYNONYMS[name] ?? name];
}
