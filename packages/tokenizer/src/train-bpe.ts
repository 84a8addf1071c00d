import type { AddedToken } from './added-tokens.ts';
import { BYTE_ALPHABET } from './byte-alphabet.ts';
import type { WordCounts } from './count-words.ts';
import { WordCounter } from './count-words.ts';
import { MergeTable } from './merge-table.ts';
import { MergeTrainer } from './merge-trainer.ts';
import type { PatternName } from './patterns.ts';
import { patternSource, patternSplitter } from './patterns.ts';
import type { Splitter } from './pieces.ts';
import { NO_POST_PROCESSOR } from './post-processor.ts';
import { preTokenizerJson } from './pre-tokenizer.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { Tokenizer } from './tokenizer.ts';
import { Vocabulary } from './vocabulary.ts';

/** How far a training has come. */
export interface TrainingProgress {
  stage: 'counting' | 'merging';
  /** Texts counted, or tokens in the vocabulary. */
  done: number;
  /** Tokens wanted; undefined while texts are counted, whose number is not known. */
  total?: number;
}

/** What to train. */
export interface TrainOptions {
  /** Tokens in all: special tokens, the 256 bytes, merges. Fewer come out when no pair is left. */
  vocabularySize: number;
  /** How to split texts into pieces that no token crosses. Default `'llama3'`, which SmolLM3 uses. */
  pattern?: PatternName | RegExp;
  /** They get the first ids, in this order. Default `['<|endoftext|>']`. */
  specialTokens?: readonly string[];
  /** Pairs that occur less often are not merged. Default 1. */
  minimumFrequency?: number;
  /** Bytes of the longest token a merge may make. Default: no limit. Hugging Face's `max_token_length` is one more. */
  maximumTokenLength?: number;
  /** Roles of the special tokens. Default: the first of `<|endoftext|>`, `<|end_of_text|>`, `</s>` there is ends a text. */
  config?: TokenizerConfig;
  /** Called after every text and every merge. */
  onProgress?: (progress: TrainingProgress) => void;
}

const DEFAULT_SPECIAL_TOKENS = ['<|endoftext|>'];
const END_OF_TEXT_TOKENS = ['<|endoftext|>', '<|end_of_text|>', '</s>'];

function check(options: TrainOptions, specialTokens: readonly string[]): void {
  const { vocabularySize, minimumFrequency = 1, maximumTokenLength = 1 } = options;
  const smallest = specialTokens.length + 256;
  if (!Number.isInteger(vocabularySize) || vocabularySize < smallest || vocabularySize > 2 ** 24) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `vocabularySize must be an integer from ${smallest} (256 bytes and ${specialTokens.length} special tokens) to 2^24, got ${vocabularySize}`,
    );
  }
  if (!(minimumFrequency >= 0)) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `minimumFrequency must be a number of at least 0, got ${minimumFrequency}`,
    );
  }
  if (!(maximumTokenLength >= 1)) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `maximumTokenLength must be a number of at least 1, got ${maximumTokenLength}`,
    );
  }
  for (const [index, token] of specialTokens.entries()) {
    if (token === '' || BYTE_ALPHABET.includes(token) || specialTokens.indexOf(token) !== index) {
      throw new TokenizerError(
        'INVALID_ARGUMENT',
        `special token ${JSON.stringify(token)} is empty, a single byte or there twice`,
      );
    }
  }
}

/** Special tokens first, then the bytes in the order of their characters (Hugging Face's trainer). */
function initialVocabulary(specialTokens: readonly string[]): { vocabulary: Vocabulary; addedTokens: AddedToken[] } {
  const vocabulary = new Vocabulary();
  const addedTokens = specialTokens.map((content, id): AddedToken => ({ id, content, special: true }));
  for (const { content, id } of addedTokens) vocabulary.add(content, id, new TextEncoder().encode(content));
  for (const character of [...BYTE_ALPHABET].sort()) vocabulary.add(character, vocabulary.size);
  return { vocabulary, addedTokens };
}

/** Merges the most frequent pair until the vocabulary is full. */
function learnMerges(
  trainer: MergeTrainer,
  vocabulary: Vocabulary,
  specials: number,
  options: TrainOptions,
): MergeTable {
  const { vocabularySize, minimumFrequency = 1, maximumTokenLength = Infinity, onProgress } = options;
  const merges = new MergeTable(vocabularySize);
  while (vocabulary.size < vocabularySize) {
    const best = trainer.nextPair();
    if (best === undefined || best.count < minimumFrequency) break;
    if (vocabulary.byteLength(best.first) + vocabulary.byteLength(best.second) > maximumTokenLength) {
      trainer.drop(best.pair);
      continue;
    }
    const name = `${vocabulary.name(best.first)}${vocabulary.name(best.second)}`;
    const known = vocabulary.id(name);
    if (known !== undefined && known < specials) {
      trainer.drop(best.pair);
      continue;
    }
    const token = known ?? vocabulary.size;
    if (known === undefined) vocabulary.add(name, token);
    merges.add(best.first, best.second, token, merges.size);
    trainer.merge(best.pair, token);
    onProgress?.({ stage: 'merging', done: vocabulary.size, total: vocabularySize });
  }
  return merges;
}

/**
 * Trains a byte-level byte-pair encoding. Merges and ids are those of Hugging Face `tokenizers` (BpeTrainer with the
 * full byte alphabet): the most frequent pair first, of equal ones the pair with the lower ids. Order and cutting of the
 * texts do not matter, only what is in them. What looks like a special token is taken as text, and no merge makes one.
 *
 * @param texts documents; read once, one at a time
 * @throws TokenizerError `INVALID_ARGUMENT` or `UNSUPPORTED_PATTERN`
 */
export async function trainBpe(
  texts: AsyncIterable<string> | Iterable<string>,
  options: TrainOptions,
): Promise<Tokenizer> {
  const split = trainingSplitter(options);
  const counter = new WordCounter(split);
  let done = 0;
  for await (const text of texts) {
    counter.add(text);
    options.onProgress?.({ stage: 'counting', done: ++done });
  }
  return trainFromCounts(counter.take(), options);
}

/** Checks the options and gives the splitter of a training. */
export function trainingSplitter(options: TrainOptions): Splitter {
  check(options, options.specialTokens ?? DEFAULT_SPECIAL_TOKENS);
  return patternSplitter(patternSource(options.pattern ?? 'llama3'));
}

/** Trains on pieces that were counted before, by the splitter of the same options. */
export function trainFromCounts(counts: WordCounts, options: TrainOptions): Tokenizer {
  const { pattern = 'llama3', specialTokens = DEFAULT_SPECIAL_TOKENS, config } = options;
  const { vocabulary, addedTokens } = initialVocabulary(specialTokens);
  const byteTokens = BYTE_ALPHABET.map((character) => vocabulary.id(character) as number);
  const merges = learnMerges(new MergeTrainer(counts, byteTokens), vocabulary, specialTokens.length, options);
  return new Tokenizer(
    {
      vocabulary,
      merges,
      addedTokens,
      preTokenizer: preTokenizerJson(patternSource(pattern)),
      postProcessor: NO_POST_PROCESSOR,
      ignoreMerges: false,
    },
    config ?? { eosToken: END_OF_TEXT_TOKENS.find((token) => specialTokens.includes(token)) },
  );
}
