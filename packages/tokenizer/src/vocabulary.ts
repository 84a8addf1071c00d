import { alphabetToBytes } from './byte-alphabet.ts';
import { grown } from './growing-array.ts';
import { PaddedBytes } from './padded-bytes.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** Token ids, their names and the bytes they stand for. */
export class Vocabulary {
  readonly #names: (string | undefined)[] = [];
  readonly #ids = new Map<string, number>();
  #bytes = new Uint8Array(1 << 16);
  #byteCount = 0;
  #starts = new Int32Array(1 << 12);
  #lengths = new Int32Array(1 << 12);

  /** One more than the highest id. */
  get size(): number {
    return this.#names.length;
  }

  /**
   * Adds a token.
   *
   * @param name how the token is written in `tokenizer.json`
   * @param bytes what it stands for; default: `name` read in the byte alphabet
   * @throws TokenizerError `BAD_TOKENIZER_JSON` when the id or the name is taken, or the id is not one
   */
  add(name: string, id: number, bytes: Uint8Array = alphabetToBytes(name)): void {
    if (!Number.isInteger(id) || id < 0 || id >= 2 ** 24) {
      throw new TokenizerError(
        'BAD_TOKENIZER_JSON',
        `token ${JSON.stringify(name)}: id must be in [0, 2^24), got ${id}`,
      );
    }
    if (this.#names[id] !== undefined || this.#ids.has(name)) {
      const taken = JSON.stringify(this.#names[id] ?? name);
      throw new TokenizerError(
        'BAD_TOKENIZER_JSON',
        `token ${JSON.stringify(name)} with id ${id}: ${taken} is there already`,
      );
    }
    this.#names[id] = name;
    this.#ids.set(name, id);
    this.#place(id, bytes);
  }

  #place(id: number, bytes: Uint8Array): void {
    this.#bytes = grown(this.#bytes, this.#byteCount + bytes.length);
    this.#starts = grown(this.#starts, id + 1);
    this.#lengths = grown(this.#lengths, id + 1);
    this.#bytes.set(bytes, this.#byteCount);
    this.#starts[id] = this.#byteCount;
    this.#lengths[id] = bytes.length;
    this.#byteCount += bytes.length;
  }

  /** The id of a token, or undefined. */
  id(name: string): number | undefined {
    return this.#ids.get(name);
  }

  /** The name of a token, or undefined. */
  name(id: number): string | undefined {
    return this.#names[id];
  }

  /** How many bytes a token stands for. */
  byteLength(id: number): number {
    return this.#lengths[id];
  }

  /** The bytes of all tokens, of which `range` tells the places; a copy. */
  allBytes(): PaddedBytes {
    return PaddedBytes.from(this.#bytes.subarray(0, this.#byteCount));
  }

  /** Where the bytes of a token begin and end in `allBytes`. */
  range(id: number): [start: number, end: number] {
    return [this.#starts[id], this.#starts[id] + this.#lengths[id]];
  }

  /** All (name, id) pairs by ascending id. */
  *entries(): Generator<[string, number]> {
    for (const [id, name] of this.#names.entries()) if (name !== undefined) yield [name, id];
  }

  /**
   * The bytes of a sequence of tokens.
   *
   * @throws TokenizerError `UNKNOWN_TOKEN` naming the id and where it stands
   */
  join(ids: ArrayLike<number>): Uint8Array {
    let length = 0;
    for (let index = 0; index < ids.length; index++) {
      if (this.#names[ids[index]] === undefined) {
        throw new TokenizerError(
          'UNKNOWN_TOKEN',
          `there is no token ${ids[index]} (at position ${index}); ids are below ${this.size}`,
        );
      }
      length += this.#lengths[ids[index]];
    }
    const joined = new Uint8Array(length);
    let position = 0;
    for (let index = 0; index < ids.length; index++) {
      const start = this.#starts[ids[index]];
      const end = start + this.#lengths[ids[index]];
      for (let at = start; at < end; at++) joined[position++] = this.#bytes[at];
    }
    return joined;
  }
}
