/** What a decoder needs of a tokenizer. */
interface TokenBytes {
  decodeBytes(ids: ArrayLike<number>): Uint8Array;
}

/**
 * Turns tokens into text one at a time, as a model makes them. Bytes of an unfinished character are held back until the
 * character is whole, so that no replacement character shows up and goes away again.
 */
export class StreamDecoder {
  readonly #tokenizer: TokenBytes;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  constructor(tokenizer: TokenBytes) {
    this.#tokenizer = tokenizer;
  }

  /**
   * The text that these tokens finish; may be empty.
   *
   * @throws TokenizerError `UNKNOWN_TOKEN`
   */
  push(...ids: number[]): string {
    return this.#decoder.decode(this.#tokenizer.decodeBytes(ids), { stream: true });
  }

  /** What is left at the end: nothing, or U+FFFD for a character that never got whole. */
  end(): string {
    return this.#decoder.decode();
  }
}
