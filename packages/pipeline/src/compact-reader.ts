import { DamagedParquet } from './damaged-parquet.ts';

/** A structure of Thrift's compact protocol by the numbers of its fields; of texts, their lengths in bytes. */
export interface Fields {
  [field: number]: FieldValue;
}
export type FieldValue = number | Fields | FieldValue[];

const TYPE = { stop: 0, true: 1, false: 2, byte: 3, double: 7, binary: 8, list: 9, struct: 12 } as const;
const SHORT_INTEGERS = [4, 5];
const LONG_INTEGER = 6;
const DEEPEST = 16;
const MOST_STRUCTS = 2 ** 22;
/** Parquet's structures have fields up to 17. */
const LAST_FIELD = 255;
/** As many bytes as hyparquet takes numbers of 32 bits from; what is longer it would read as another number. */
const INTEGER_BYTES = 5;
const LONG_BYTES = 10;

/** What a description looks like that the library cannot be trusted with. */
const invalid = () => new DamagedParquet('a description in it is not valid');

/**
 * Reads structures of Thrift's compact protocol before hyparquet does, which believes every number: what passes here
 * has no list longer than its bytes, no number longer than its type, and bounded depth.
 */
export class CompactReader {
  at: number;
  readonly #bytes: Uint8Array;
  #structs = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** @throws DamagedParquet */
  struct(depth = 0): Fields {
    if (depth > DEEPEST || ++this.#structs > MOST_STRUCTS) throw invalid();
    const fields: Fields = {};
    for (let field = 0; ;) {
      const head = this.byte();
      const type = head & 15;
      if (type === TYPE.stop) return fields;
      field = head >> 4 ? field + (head >> 4) : zigzag(this.varint());
      if (field < 0 || field > LAST_FIELD) throw invalid();
      fields[field] = type === TYPE.true || type === TYPE.false ? type : this.#value(type, depth);
    }
  }

  /** A number without sign, of at most 32 bits or as many bytes as are named. @throws DamagedParquet */
  varint(longest = INTEGER_BYTES): number {
    let value = 0;
    for (let index = 0; index < longest; index++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * index);
      if (byte < 128) {
        if (longest === INTEGER_BYTES && value >= 2 ** 32) throw invalid();
        return value;
      }
    }
    throw invalid();
  }

  /** @throws DamagedParquet */
  byte(): number {
    if (this.at >= this.#bytes.length) throw invalid();
    return this.#bytes[this.at++];
  }

  #value(type: number, depth: number): FieldValue {
    if (type === TYPE.true || type === TYPE.false || type === TYPE.byte) return this.byte();
    if (SHORT_INTEGERS.includes(type)) return zigzag(this.varint());
    if (type === LONG_INTEGER) return zigzag(this.varint(LONG_BYTES));
    if (type === TYPE.struct) return this.struct(depth + 1);
    if (type === TYPE.double) return this.#skip(8);
    if (type === TYPE.binary) return this.#skip(this.varint());
    if (type === TYPE.list) return this.#list(depth + 1);
    throw invalid();
  }

  #list(depth: number): FieldValue[] {
    const head = this.byte();
    const count = head >> 4 === 15 ? this.varint() : head >> 4;
    if (depth > DEEPEST || count > this.#bytes.length - this.at) throw invalid();
    const values: FieldValue[] = [];
    for (let index = 0; index < count; index++) values.push(this.#value(head & 15, depth));
    return values;
  }

  #skip(count: number): number {
    this.at += count;
    if (this.at > this.#bytes.length) throw invalid();
    return count;
  }
}

function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
