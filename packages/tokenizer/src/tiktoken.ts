import { createRequire } from 'node:module';
import type { AddedToken } from './added-tokens.ts';
import { bytesToAlphabet } from './byte-alphabet.ts';
import { MergeTable } from './merge-table.ts';
import { NO_POST_PROCESSOR } from './post-processor.ts';
import { preTokenizerJson } from './pre-tokenizer.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { Tokenizer } from './tokenizer.ts';
import { Vocabulary } from './vocabulary.ts';
import { WordTable } from './word-table.ts';

/** Names of OpenAI's encodings that the npm package `tiktoken` brings along. */
export type TiktokenName = 'r50k_base' | 'p50k_base' | 'cl100k_base' | 'o200k_base';

/** All of them. */
export const TIKTOKEN_NAMES: readonly TiktokenName[] = ['r50k_base', 'p50k_base', 'cl100k_base', 'o200k_base'];

/** An encoding as `tiktoken/encoders/NAME.json` holds it. */
interface EncodingFile {
  pat_str: string;
  special_tokens: Record<string, number>;
  /** Lines of `! FIRST_RANK BASE64 BASE64 …`: tokens of consecutive ranks. */
  bpe_ranks: string;
}

function addRanks(vocabulary: Vocabulary, ranks: string): void {
  for (const line of ranks.split('\n')) {
    const [, first, ...tokens] = line.split(' ');
    for (const [index, token] of tokens.entries()) {
      const bytes = Uint8Array.from(atob(token), (character) => character.charCodeAt(0));
      vocabulary.add(bytesToAlphabet(bytes), Number(first) + index, bytes);
    }
  }
}

/**
 * tiktoken merges any two neighbours whose bytes together are a token, the lowest token first. As merges of pairs: every
 * way to cut a token into two tokens, with the token's id as rank.
 */
function mergesOf(vocabulary: Vocabulary): MergeTable {
  const merges = new MergeTable(vocabulary.size * 4);
  const names = new WordTable();
  const ids: number[] = [];
  for (const [name, id] of vocabulary.entries()) ids[names.intern(name, 0, name.length)] = id;
  for (const [name, id] of vocabulary.entries()) {
    for (let cut = 1; cut < name.length; cut++) {
      const first = names.find(name, 0, cut);
      const second = first === -1 ? -1 : names.find(name, cut, name.length);
      if (second !== -1) merges.add(ids[first], ids[second], id, id);
    }
  }
  return merges;
}

/**
 * One of OpenAI's encodings, with the ids that `tiktoken` gives. Takes a moment to build: keep it.
 *
 * @throws TokenizerError `INVALID_ARGUMENT` for another name
 */
export function tiktokenEncoding(name: TiktokenName): Tokenizer {
  if (!TIKTOKEN_NAMES.includes(name)) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `unknown encoding "${String(name)}"; use one of ${TIKTOKEN_NAMES.join(', ')}`,
    );
  }
  const file = createRequire(import.meta.url)(`tiktoken/encoders/${name}.json`) as EncodingFile;
  const vocabulary = new Vocabulary();
  addRanks(vocabulary, file.bpe_ranks);
  const merges = mergesOf(vocabulary);
  const addedTokens = Object.entries(file.special_tokens).map(([content, id]): AddedToken => ({
    id,
    content,
    special: true,
  }));
  for (const { content, id } of addedTokens) vocabulary.add(content, id, new TextEncoder().encode(content));
  return new Tokenizer(
    {
      vocabulary,
      merges,
      addedTokens,
      preTokenizer: preTokenizerJson(file.pat_str),
      postProcessor: NO_POST_PROCESSOR,
      ignoreMerges: true,
    },
    { eosToken: '<|endoftext|>' },
  );
}
