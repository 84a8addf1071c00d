/** Bytes that may be read past the end of a text, so that four can be read at once at any place. */
const PADDING = 4;

/** Texts of more UTF-16 units get a buffer of their own, which is let go afterwards. */
const LARGEST_KEPT = 1 << 21;

/** UTF-8 with four readable bytes after its end. */
export class PaddedBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** How many of the bytes are text. */
  readonly length: number;

  /** @param bytes must be at least four longer than `length` */
  constructor(bytes: Uint8Array, length: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.length = length;
  }

  /** A padded copy. */
  static from(bytes: Uint8Array): PaddedBytes {
    const copy = new Uint8Array(bytes.length + PADDING);
    copy.set(bytes);
    return new PaddedBytes(copy, bytes.length);
  }
}

/** Turns texts into UTF-8, in one buffer for all of them; surrogates without partners become U+FFFD. */
export class Utf8Writer {
  readonly #encoder = new TextEncoder();
  #room = new Uint8Array(1 << 12);

  /** The UTF-8 of a text; valid until the next call. */
  write(text: string): PaddedBytes {
    if (text.length > LARGEST_KEPT) return PaddedBytes.from(this.#encoder.encode(text));
    const needed = text.length * 3 + PADDING;
    if (needed > this.#room.length) this.#room = new Uint8Array(Math.max(needed, this.#room.length * 2));
    return new PaddedBytes(this.#room, this.#encoder.encodeInto(text, this.#room).written);
  }
}
