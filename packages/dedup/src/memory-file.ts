const PIECE_BYTES = 1 << 20;

/** Bytes written behind one another in memory, in pieces that can be handed to another thread. */
export class MemoryFile {
  readonly #full: Uint8Array<ArrayBuffer>[] = [];
  #piece = new Uint8Array(0);
  #filled = 0;

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#filled === this.#piece.length) this.#grow();
      const count = Math.min(bytes.length - at, PIECE_BYTES - this.#filled);
      this.#piece.set(count === bytes.length ? bytes : bytes.subarray(at, at + count), this.#filled);
      this.#filled += count;
      at += count;
    }
  }

  #grow(): void {
    if (this.#filled > 0) this.#full.push(this.#piece);
    this.#piece = new Uint8Array(PIECE_BYTES);
    this.#filled = 0;
  }

  /** All that was written, each piece in memory of its own. */
  get pieces(): Uint8Array<ArrayBuffer>[] {
    return [...this.#full, this.#piece.subarray(0, this.#filled)];
  }
}
