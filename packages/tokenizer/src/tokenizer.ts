import type { AddedToken, SpecialTokenSet } from './added-tokens.ts';
import { AddedTokenFinder } from './added-tokens.ts';
import type { JsonObject } from './json.ts';
import { Utf8Writer } from './padded-bytes.ts';
import type { Splitter } from './pieces.ts';
import { PieceEnds } from './pieces.ts';
import { parsePreTokenizer } from './pre-tokenizer.ts';
import type { TokenOffsets } from './token-offsets.ts';
import { OffsetCollector } from './token-offsets.ts';
import { StreamDecoder } from './stream-decoder.ts';
import type { TokenizerConfig } from './tokenizer-config.ts';
import { TokenizerError } from './tokenizer-error.ts';
import type { TokenizerParts } from './tokenizer-json.ts';
import { formatTokenizerJson, parseTokenizerJson } from './tokenizer-json.ts';
import { WholeWords } from './whole-words.ts';
import { IdBuffer, WordEncoder } from './word-encoder.ts';

/** How to treat what looks like special tokens in a text, and whether to add some around it. */
export interface EncodeOptions {
  /**
   * Special tokens that are encoded as themselves where the text contains them; the others are ordinary text.
   * Default `'none'`, so that a document can never forge structure. Use `'all'` for text that a chat template made.
   */
  allowedSpecial?: SpecialTokenSet;
  /** Special tokens that the text must not contain. Default `'none'`. Those that are allowed are not refused. */
  disallowedSpecial?: SpecialTokenSet;
  /** Add what the post-processor adds, such as `<|begin_of_text|>`. Default false. */
  addSpecialTokens?: boolean;
}

/** What to leave out when decoding. */
export interface DecodeOptions {
  /** Leave out special tokens. Default false. */
  skipSpecial?: boolean;
}

/**
 * A byte-level byte-pair encoding (Sennrich et al. 2016; Radford et al. 2019): any text becomes token ids and comes back
 * unchanged. Make one with `trainBpe`, `Tokenizer.fromJson` or `tiktokenEncoding`.
 */
export class Tokenizer {
  /** Roles of special tokens, and the chat template. */
  readonly config: TokenizerConfig;
  /** Ids of the special tokens, by content. */
  readonly specialTokens: ReadonlyMap<string, number>;
  readonly #parts: TokenizerParts;
  readonly #split: Splitter;
  readonly #finder: AddedTokenFinder;
  readonly #words: WordEncoder;
  readonly #writer = new Utf8Writer();
  readonly #pieces = new PieceEnds();
  readonly #specialIds: ReadonlySet<number>;

  /** @internal Use `trainBpe`, `Tokenizer.fromJson` or `tiktokenEncoding`. */
  constructor(parts: TokenizerParts, config: TokenizerConfig = {}) {
    const addedIds = new Set(parts.addedTokens.map(({ id }) => id));
    const special = parts.addedTokens.filter((token: AddedToken) => token.special);
    this.config = config;
    this.specialTokens = new Map(special.map(({ content, id }) => [content, id]));
    this.#parts = parts;
    this.#split = parsePreTokenizer(parts.preTokenizer);
    this.#finder = new AddedTokenFinder(parts.addedTokens);
    const isWord = (id: number): boolean => !addedIds.has(id);
    const wholeWords = parts.ignoreMerges ? new WholeWords(parts.vocabulary, isWord) : undefined;
    this.#words = new WordEncoder(parts.vocabulary, parts.merges, wholeWords);
    this.#specialIds = new Set(this.specialTokens.values());
  }

  /**
   * Makes a tokenizer from a Hugging Face `tokenizer.json`.
   *
   * @param json its text, or the parsed object
   * @param config roles and chat template; see `parseTokenizerConfig`
   * @throws TokenizerError `BAD_TOKENIZER_JSON`, `UNSUPPORTED_FEATURE` or `UNSUPPORTED_PATTERN`
   */
  static fromJson(json: string | object, config: TokenizerConfig = {}): Tokenizer {
    let parsed: unknown = json;
    try {
      if (typeof json === 'string') parsed = JSON.parse(json);
    } catch (cause) {
      throw new TokenizerError('BAD_TOKENIZER_JSON', `tokenizer.json: not JSON (${(cause as Error).message})`, {
        cause,
      });
    }
    return new Tokenizer(parseTokenizerJson(parsed), config);
  }

  /** One more than the highest token id: the rows that an embedding needs. */
  get vocabularySize(): number {
    return this.#parts.vocabulary.size;
  }

  /** The id of `config.bosToken`, if there is one. */
  get bosTokenId(): number | undefined {
    return this.#roleId(this.config.bosToken);
  }

  /** The id of `config.eosToken`, if there is one. */
  get eosTokenId(): number | undefined {
    return this.#roleId(this.config.eosToken);
  }

  /** The id of `config.padToken`, if there is one. */
  get padTokenId(): number | undefined {
    return this.#roleId(this.config.padToken);
  }

  #roleId(token: string | undefined): number | undefined {
    return token === undefined ? undefined : this.tokenToId(token);
  }

  /**
   * Encodes a text.
   *
   * @returns token ids; `decode` gives the text back (surrogates without partners become U+FFFD)
   * @throws TokenizerError `DISALLOWED_SPECIAL_TOKEN`, or `UNKNOWN_TOKEN` when a set names no special token
   */
  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    return this.#encode(text, options);
  }

  /**
   * Encodes a text and tells where each token stands in it, in UTF-16 units. Tokens that share a character have its place
   * both; tokens that `addSpecialTokens` adds have no length.
   *
   * @throws TokenizerError as `encode`
   */
  encodeWithOffsets(text: string, options: EncodeOptions = {}): TokenOffsets & { ids: Uint32Array } {
    const offsets = new OffsetCollector();
    const ids = this.#encode(text, options, offsets);
    return { ids, ...offsets.finish() };
  }

  #encode(text: string, options: EncodeOptions, offsets?: OffsetCollector): Uint32Array {
    const { allowedSpecial = 'none', disallowedSpecial = 'none', addSpecialTokens = false } = options;
    const allowed = this.#finder.specialTokens(allowedSpecial);
    this.#refuseSpecial(text, allowed, disallowedSpecial);
    const output = new IdBuffer((text.length >> 2) + 16);
    const { prefix, suffix } = this.#parts.postProcessor;
    const pushAdded = (id: number, place: number): void => {
      output.push(id);
      offsets?.push(place, place);
    };
    if (addSpecialTokens) for (const id of prefix) pushAdded(id, 0);
    let start = 0;
    for (const part of this.#finder.split(text, allowed)) {
      const first = output.length;
      if (part.token) output.push(part.token.id);
      else this.#encodeOrdinary(part.text, output);
      if (part.token) offsets?.push(start, start + part.text.length);
      else offsets?.pushAll(part.text, start, this.#byteLengths(output, first));
      start += part.text.length;
    }
    if (addSpecialTokens) for (const id of suffix) pushAdded(id, text.length);
    return output.finish();
  }

  *#byteLengths(ids: IdBuffer, first: number): Generator<number> {
    for (let index = first; index < ids.length; index++) yield this.#parts.vocabulary.byteLength(ids.at(index));
  }

  #encodeOrdinary(text: string, output: IdBuffer): void {
    const utf8 = this.#writer.write(text);
    this.#pieces.size = 0;
    this.#split(utf8, 0, utf8.length, this.#pieces);
    this.#words.encode(utf8, 0, this.#pieces, output);
  }

  #refuseSpecial(text: string, allowed: ReadonlySet<string>, disallowed: SpecialTokenSet): void {
    const found = this.#finder.findRefused(text, this.#finder.specialTokens(disallowed), allowed);
    if (found === undefined) return;
    throw new TokenizerError(
      'DISALLOWED_SPECIAL_TOKEN',
      `the text contains the special token ${JSON.stringify(found)}; allow it (allowedSpecial), or take it as text (disallowedSpecial: 'none')`,
    );
  }

  /** How many tokens a text has. */
  count(text: string, options?: EncodeOptions): number {
    return this.encode(text, options).length;
  }

  /** UTF-8 bytes of a text per token of its encoding: how well the vocabulary fits it. NaN for an empty text. */
  bytesPerToken(text: string): number {
    return new TextEncoder().encode(text).length / this.count(text);
  }

  /**
   * The text of a sequence of tokens; bytes that are not UTF-8 become U+FFFD.
   *
   * @throws TokenizerError `UNKNOWN_TOKEN`
   */
  decode(ids: ArrayLike<number>, { skipSpecial = false }: DecodeOptions = {}): string {
    const kept = skipSpecial ? Array.from(ids).filter((id) => !this.#specialIds.has(id)) : ids;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.decodeBytes(kept));
  }

  /**
   * The bytes of a sequence of tokens.
   *
   * @throws TokenizerError `UNKNOWN_TOKEN`
   */
  decodeBytes(ids: ArrayLike<number>): Uint8Array {
    return this.#parts.vocabulary.join(ids);
  }

  /** A decoder that takes tokens one at a time and never splits a character. */
  streamDecoder(): StreamDecoder {
    return new StreamDecoder(this);
  }

  /** The id of a token as it is written in `tokenizer.json` (`Ġthe`, `<|endoftext|>`), or undefined. */
  tokenToId(token: string): number | undefined {
    return this.#parts.vocabulary.id(token);
  }

  /** How a token is written in `tokenizer.json`, or undefined when there is no such id. */
  idToToken(id: number): string | undefined {
    return this.#parts.vocabulary.name(id);
  }

  /** All tokens as [id, how it is written in `tokenizer.json`], by rising id. */
  *tokens(): Generator<[id: number, token: string]> {
    for (const [name, id] of this.#parts.vocabulary.entries()) yield [id, name];
  }

  /** The contents of `tokenizer.json`, which Hugging Face `tokenizers` and transformers load. */
  toJson(): JsonObject {
    return formatTokenizerJson(this.#parts);
  }
}
