import { WeightsError } from './weights-error.ts';

/** Thrown where the bytes at hand end but the file goes on: read more of it, and start again. */
export class NeedMoreBytes extends Error {
  /** Bytes from the start of the file that are needed at least. */
  readonly length: number;

  constructor(length: number) {
    super(`the first ${length} bytes are needed`);
    this.length = length;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads little-endian values from the beginning of a file. Every length is held against the file before it is believed. */
export class ByteReader {
  /** Names the file in errors. */
  readonly source: string;
  /** Place of the next value. */
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileBytes: number;

  constructor(bytes: Uint8Array, fileBytes: number, source: string) {
    this.source = source;
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileBytes = fileBytes;
  }

  /**
   * Makes sure that `count` more bytes are there.
   *
   * @throws WeightsError `TRUNCATED` when the file is too short for them, NeedMoreBytes when only the bytes at hand are
   */
  expect(count: number, what: string): void {
    const end = this.position + count;
    if (!(end <= this.#fileBytes)) {
      throw new WeightsError(
        'TRUNCATED',
        `${this.source}: ${what} at byte ${this.position} takes ${count} bytes, but the file has ${this.#fileBytes}; fetch or copy it again`,
      );
    }
    if (end > this.#bytes.length) throw new NeedMoreBytes(end);
  }

  #take(count: number, what: string): number {
    this.expect(count, what);
    const start = this.position;
    this.position += count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1, 'a number'));
  }

  i8(): number {
    return this.#view.getInt8(this.#take(1, 'a number'));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2, 'a number'), true);
  }

  i16(): number {
    return this.#view.getInt16(this.#take(2, 'a number'), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4, 'a number'), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4, 'a number'), true);
  }

  f32(): number {
    return this.#view.getFloat32(this.#take(4, 'a number'), true);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8, 'a number'), true);
  }

  u64(): number {
    return this.#safe(this.#view.getBigUint64(this.#take(8, 'a number'), true));
  }

  i64(): number {
    return this.#safe(this.#view.getBigInt64(this.#take(8, 'a number'), true));
  }

  #safe(value: bigint): number {
    const number = Number(value);
    if (Number.isSafeInteger(number)) return number;
    throw new WeightsError('BAD_HEADER', `${this.source}: ${value} at byte ${this.position - 8} is beyond 2^53`);
  }

  bool(): boolean {
    const value = this.u8();
    if (value <= 1) return value === 1;
    throw new WeightsError(
      'BAD_HEADER',
      `${this.source}: a truth value at byte ${this.position - 1} must be 0 or 1, got ${value}`,
    );
  }

  /** A length as u64, then so many bytes of UTF-8. */
  string(): string {
    const length = this.u64();
    const start = this.#take(length, 'a text');
    try {
      return utf8.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw new WeightsError('BAD_HEADER', `${this.source}: the text at byte ${start} is not UTF-8`, { cause });
    }
  }
}
