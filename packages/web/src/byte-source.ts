const INITIAL_CAPACITY = 1 << 21;

/**
 * A window over a stream of chunks: look at what is there, ask for more, consume from the front.
 * Holds only what is not consumed yet; `offset` is the position of the window's first byte in the stream.
 */
export class ByteSource {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffer = new Uint8Array(INITIAL_CAPACITY);
  #start = 0;
  #end = 0;
  #ended = false;
  offset: number;

  /** @param offset position of the first chunk's first byte in the file */
  constructor(chunks: AsyncIterable<Uint8Array>, offset = 0) {
    this.offset = offset;
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The bytes at hand. The view is valid until the next `fill`. */
  get available(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** True when the stream has no bytes beyond those at hand. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Reads until `minimum` bytes are at hand; false when the stream ends before. */
  async fill(minimum: number): Promise<boolean> {
    while (this.#end - this.#start < minimum && !this.#ended) {
      const { done, value } = await this.#chunks.next();
      if (done) this.#ended = true;
      else this.#append(value);
    }
    return this.#end - this.#start >= minimum;
  }

  /** Moves the window `count` bytes forward over bytes at hand. */
  consume(count: number): void {
    this.#start += count;
    this.offset += count;
  }

  /** Moves forward by `count` bytes without ever holding them; false when the stream ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > 0 && (await this.fill(1))) {
      const step = Math.min(left, this.#end - this.#start);
      this.consume(step);
      left -= step;
    }
    return left === 0;
  }

  /** Lets the stream release its file. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #makeRoom(count: number): void {
    const kept = this.available;
    const needed = kept.length + count;
    const target = needed * 2 <= this.#buffer.length ? this.#buffer : new Uint8Array(needed * 2);
    target.set(kept);
    this.#buffer = target;
    this.#start = 0;
    this.#end = kept.length;
  }
}
