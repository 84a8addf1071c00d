import { createRequire } from 'node:module';
import type { AddedToken } from './added-tokens.ts';
import { BYTE_ALPHABET, bytesToAlphabet } from './byte-alphabet.ts';
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
  bpe_ranks: string;
}

/** What an encoding is made of. */
export interface RankFile {
  /** Lines of `BASE64 RANK` (a `.tiktoken` file) or of `! FIRST_RANK BASE64 BASE64 …`. */
  ranks: string;
  /** The split pattern, in the dialect of Rust. */
  pattern: string;
  /** Ids of the special tokens, by content. */
  specialTokens: Readonly<Record<string, number>>;
}

function bad(problem: string): never {
  throw new TokenizerError('BAD_RANK_FILE', `rank file: ${problem}`);
}

function bytesOf(base64: string, line: number): Uint8Array {
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    if (bytes.length > 0) return bytes;
  } catch {
    // Said below.
  }
  return bad(`line ${line}: ${JSON.stringify(base64.slice(0, 40))} is not a token in Base64`);
}

function addRanks(vocabulary: Vocabulary, ranks: string): void {
  for (const [index, line] of ranks.split('\n').entries()) {
    if (line === '') continue;
    const words = line.split(' ');
    const [first, tokens] = words[0] === '!' ? [words[1], words.slice(2)] : [words[1], [words[0]]];
    if (!/^\d{1,8}$/.test(first ?? '')) bad(`line ${index + 1}: ${JSON.stringify(line.slice(0, 40))} has no rank`);
    for (const [offset, token] of tokens.entries()) {
      const bytes = bytesOf(token, index + 1);
      const [name, id] = [bytesToAlphabet(bytes), Number(first) + offset];
      if (vocabulary.id(name) !== undefined || vocabulary.name(id) !== undefined) {
        bad(`line ${index + 1}: the token ${JSON.stringify(name)} or the rank ${id} is there twice`);
      }
      vocabulary.add(name, id, bytes);
    }
  }
}

/** Ranks have no gaps but those that special tokens fill, and every byte has one. */
function checkRanks(vocabulary: Vocabulary): void {
  for (let id = 0; id < vocabulary.size; id++) {
    if (vocabulary.name(id) === undefined) bad(`rank ${id} is missing, of ${vocabulary.size}; the file has a gap`);
  }
  const absent = BYTE_ALPHABET.findIndex((character) => vocabulary.id(character) === undefined);
  if (absent !== -1) bad(`the byte 0x${absent.toString(16).padStart(2, '0')} has no rank; is the file cut short?`);
}

/**
 * tiktoken merges any two neighbours whose bytes together are a token, the lowest token first. As merges of pairs: every
 * way to cut a token into two tokens, with the token's id as rank.
 */
function mergesOf(vocabulary: Vocabulary, specialIds: ReadonlySet<number>): MergeTable {
  const merges = new MergeTable(vocabulary.size * 4);
  const text = vocabulary.allBytes();
  const words = new WordTable();
  const ids: number[] = [];
  const ordinary = Array.from(vocabulary.entries(), ([, id]) => id).filter((id) => !specialIds.has(id));
  for (const id of ordinary) ids[words.intern(text, ...vocabulary.range(id))] = id;
  for (const id of ordinary) {
    const [start, end] = vocabulary.range(id);
    for (let cut = start + 1; cut < end; cut++) {
      const first = words.find(text, start, cut);
      const second = first === -1 ? -1 : words.find(text, cut, end);
      if (second !== -1) merges.add(ids[first], ids[second], id, id);
    }
  }
  return merges;
}

/**
 * An encoding from the contents of a rank file, with the ids that `tiktoken` gives.
 *
 * @throws TokenizerError `BAD_RANK_FILE` naming the line or the rank, `UNSUPPORTED_PATTERN`
 */
export function encodingFromRanks({ ranks, pattern, specialTokens }: RankFile): Tokenizer {
  const vocabulary = new Vocabulary();
  addRanks(vocabulary, ranks);
  const rankCount = vocabulary.size;
  const added = Object.entries(specialTokens).map(([content, id]): AddedToken => ({ id, content, special: true }));
  const inside = added.filter(({ id }) => id < rankCount);
  for (const { content, id } of inside) vocabulary.add(content, id, new TextEncoder().encode(content));
  checkRanks(vocabulary);
  const merges = mergesOf(vocabulary, new Set(inside.map(({ id }) => id)));
  for (const { content, id } of added) {
    if (id >= rankCount) vocabulary.add(content, id, new TextEncoder().encode(content));
  }
  return new Tokenizer(
    {
      vocabulary,
      merges,
      addedTokens: added,
      preTokenizer: preTokenizerJson(pattern),
      postProcessor: NO_POST_PROCESSOR,
      ignoreMerges: true,
    },
    { eosToken: '<|endoftext|>' },
  );
}

/**
 * One of OpenAI's encodings, with the ids that `tiktoken` gives. Its ranks are read now, which takes a moment: keep it.
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
  return encodingFromRanks({ ranks: file.bpe_ranks, pattern: file.pat_str, specialTokens: file.special_tokens });
}
