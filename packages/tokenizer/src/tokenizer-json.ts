/** Hugging Face's `tokenizer.json`, for byte-level BPE: to the parts of a tokenizer and back. */
import type { AddedToken } from './added-tokens.ts';
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import type { JsonObject } from './json.ts';
import { describe, isObject } from './json.ts';
import { MergeTable } from './merge-table.ts';
import type { PostProcessor } from './post-processor.ts';
import { parsePostProcessor } from './post-processor.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { Vocabulary } from './vocabulary.ts';

/** What a tokenizer is made of. */
export interface TokenizerParts {
  /** Names, ids and bytes of all tokens, added ones among them. */
  vocabulary: Vocabulary;
  merges: MergeTable;
  addedTokens: readonly AddedToken[];
  /** `pre_tokenizer` as it stands in `tokenizer.json`. */
  preTokenizer: JsonObject;
  postProcessor: PostProcessor;
  /** A piece that is a token is that token, whatever the merges say. */
  ignoreMerges: boolean;
}

function unsupported(feature: string): never {
  throw new TokenizerError('UNSUPPORTED_FEATURE', `tokenizer.json: ${feature} is not supported`);
}

function bad(problem: string): never {
  throw new TokenizerError('BAD_TOKENIZER_JSON', `tokenizer.json: ${problem}`);
}

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === false || value === '';

/** A byte-level tokenizer needs no normalizer, and its decoder is ByteLevel. */
function checkPipeline(json: JsonObject): void {
  const { normalizer, truncation, padding, decoder } = json;
  const normalizes =
    !isUnset(normalizer) &&
    !(isObject(normalizer) && Array.isArray(normalizer.normalizers) && normalizer.normalizers.length === 0);
  if (normalizes) unsupported(`normalizer ${describe(normalizer)}`);
  if (!isUnset(truncation)) unsupported('truncation');
  if (!isUnset(padding)) unsupported('padding');
  const steps = isObject(decoder) && Array.isArray(decoder.decoders) ? (decoder.decoders as unknown[]) : [decoder];
  for (const step of steps) if (!isObject(step) || step.type !== 'ByteLevel') unsupported(`decoder ${describe(step)}`);
}

function checkModel(model: unknown): JsonObject {
  if (!isObject(model)) return bad(`model must be an object, got ${describe(model)}`);
  if (model.type !== undefined && model.type !== 'BPE') unsupported(`model ${describe(model.type)}`);
  for (const field of ['byte_fallback', 'continuing_subword_prefix', 'end_of_word_suffix']) {
    if (!isUnset(model[field])) unsupported(`model.${field} ${describe(model[field])}`);
  }
  if (!isUnset(model.dropout) && model.dropout !== 0) unsupported(`model.dropout ${describe(model.dropout)}`);
  if (!isObject(model.vocab)) bad('model.vocab must map tokens to ids');
  if (!Array.isArray(model.merges)) bad('model.merges must be an array');
  return model;
}

function parseAddedToken(value: unknown): AddedToken {
  if (!isObject(value) || typeof value.content !== 'string' || typeof value.id !== 'number' || value.content === '') {
    return bad(`added token ${describe(value)} must have an id and a content`);
  }
  return {
    id: value.id,
    content: value.content,
    special: value.special === true,
    singleWord: value.single_word === true,
    leftStrip: value.lstrip === true,
    rightStrip: value.rstrip === true,
    normalized: value.normalized === true,
  };
}

function parseVocabulary(vocab: JsonObject, addedTokens: readonly AddedToken[]): Vocabulary {
  const vocabulary = new Vocabulary();
  for (const { content, id } of addedTokens) vocabulary.add(content, id, new TextEncoder().encode(content));
  for (const [name, id] of Object.entries(vocab)) {
    const isAdded = vocabulary.id(name) !== undefined && vocabulary.id(name) === id;
    if (!isAdded) vocabulary.add(name, id as number);
  }
  return vocabulary;
}

/** A merge is written `"a b"`, or `["a", "b"]` since tokenizers 0.20. */
function mergedNames(merge: unknown): [string, string] {
  const names: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (Array.isArray(names) && names.length === 2 && names.every((name) => typeof name === 'string')) {
    return names as [string, string];
  }
  return bad(`merge ${describe(merge)} must be two tokens`);
}

function parseMerges(merges: readonly unknown[], vocabulary: Vocabulary): MergeTable {
  const table = new MergeTable(merges.length);
  for (const [rank, merge] of merges.entries()) {
    const names = mergedNames(merge);
    const [first, second, result] = [names[0], names[1], names[0] + names[1]].map((name) => vocabulary.id(name));
    if (first === undefined || second === undefined || result === undefined) {
      return bad(`merge ${rank}, ${describe(merge)}: both tokens and what they make must be in the vocabulary`);
    }
    table.add(first, second, result, rank);
  }
  return table;
}

/**
 * Reads a `tokenizer.json`.
 *
 * @throws TokenizerError `BAD_TOKENIZER_JSON` when it is not one, `UNSUPPORTED_FEATURE` or `UNSUPPORTED_PATTERN` naming
 *   what it asks for beyond byte-level BPE
 */
export function parseTokenizerJson(json: unknown): TokenizerParts {
  if (!isObject(json)) return bad(`must be an object, got ${describe(json)}`);
  checkPipeline(json);
  const model = checkModel(json.model);
  const addedTokens = (Array.isArray(json.added_tokens) ? json.added_tokens : []).map(parseAddedToken);
  const vocabulary = parseVocabulary(model.vocab as JsonObject, addedTokens);
  const lacksBytes = BYTE_ALPHABET.some((character) => vocabulary.id(character) === undefined);
  if (lacksBytes && !isUnset(model.unk_token)) unsupported('model.unk_token in a vocabulary that lacks bytes');
  return {
    vocabulary,
    addedTokens,
    merges: parseMerges(model.merges as unknown[], vocabulary),
    preTokenizer: json.pre_tokenizer as JsonObject,
    postProcessor: parsePostProcessor(json.post_processor),
    ignoreMerges: model.ignore_merges === true,
  };
}

/** An added token with all the fields that Hugging Face writes. */
function addedTokenJson(token: AddedToken): JsonObject {
  const { id, content, special } = token;
  const { singleWord = false, leftStrip = false, rightStrip = false, normalized = false } = token;
  return { id, content, single_word: singleWord, lstrip: leftStrip, rstrip: rightStrip, normalized, special };
}

/** The contents of `tokenizer.json` for the parts of a tokenizer. */
export function formatTokenizerJson(parts: TokenizerParts): JsonObject {
  const { vocabulary, merges, addedTokens, preTokenizer, postProcessor, ignoreMerges } = parts;
  const nameOf = (id: number): string => vocabulary.name(id) as string;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: addedTokens.toSorted((left, right) => left.id - right.id).map(addedTokenJson),
    normalizer: null,
    pre_tokenizer: preTokenizer,
    post_processor: postProcessor.json,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: ignoreMerges,
      vocab: Object.fromEntries(vocabulary.entries()),
      merges: Array.from(merges.entries(), ([first, second]) => `${nameOf(first)} ${nameOf(second)}`),
    },
  };
}
