/** Numbers of any width up to 24 bits, one after the other, the lowest bit first, in a fixed piece of bytes. */
export class BitWriter {
  readonly #bytes: Uint8Array;
  #place: number;
  #pending = 0;
  #pendingBits = 0;

  /** @param bytes written from `start` on; what is written must fit */
  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#place = start;
  }

  write(value: number, bits: number): void {
    this.#pending |= value << this.#pendingBits;
    this.#pendingBits += bits;
    for (; this.#pendingBits >= 8; this.#pendingBits -= 8) {
      this.#bytes[this.#place++] = this.#pending;
      this.#pending >>>= 8;
    }
  }

  /** Writes out the last bits. */
  flush(): void {
    if (this.#pendingBits > 0) this.#bytes[this.#place] = this.#pending;
  }
}

/** Reads what {@link BitWriter} wrote. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #place: number;
  #pending = 0;
  #pendingBits = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#place = start;
  }

  read(bits: number): number {
    for (; this.#pendingBits < bits; this.#pendingBits += 8)
      this.#pending |= this.#bytes[this.#place++] << this.#pendingBits;
    const value = this.#pending & ((1 << bits) - 1);
    this.#pending >>>= bits;
    this.#pendingBits -= bits;
    return value;
  }
}
