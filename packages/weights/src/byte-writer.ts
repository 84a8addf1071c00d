/** Collects little-endian values. */
export class ByteWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** The bytes so far. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): number {
    const start = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }

  u8(value: number): void {
    const start = this.#reserve(1);
    this.#view.setUint8(start, value);
  }

  i8(value: number): void {
    const start = this.#reserve(1);
    this.#view.setInt8(start, value);
  }

  u16(value: number): void {
    const start = this.#reserve(2);
    this.#view.setUint16(start, value, true);
  }

  i16(value: number): void {
    const start = this.#reserve(2);
    this.#view.setInt16(start, value, true);
  }

  u32(value: number): void {
    const start = this.#reserve(4);
    this.#view.setUint32(start, value, true);
  }

  i32(value: number): void {
    const start = this.#reserve(4);
    this.#view.setInt32(start, value, true);
  }

  u64(value: number): void {
    const start = this.#reserve(8);
    this.#view.setBigUint64(start, BigInt(value), true);
  }

  i64(value: number): void {
    const start = this.#reserve(8);
    this.#view.setBigInt64(start, BigInt(value), true);
  }

  f32(value: number): void {
    const start = this.#reserve(4);
    this.#view.setFloat32(start, value, true);
  }

  f64(value: number): void {
    const start = this.#reserve(8);
    this.#view.setFloat64(start, value, true);
  }

  /** Its length as u64, then UTF-8. */
  string(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u64(encoded.length);
    const start = this.#reserve(encoded.length);
    this.#bytes.set(encoded, start);
  }

  /** Zeros up to the next multiple. */
  align(multiple: number): void {
    this.#reserve((multiple - (this.#length % multiple)) % multiple);
  }
}
