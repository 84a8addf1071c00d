import type { RowGroup } from 'hyparquet';
import { DamagedParquet } from './parquet-file.ts';
import type { StoredFile } from './storage.ts';

/** What a page's header says (Thrift's compact protocol), by the numbers of fields. */
interface Fields {
  [field: number]: number | Fields;
}

const FIELD = { uncompressed: 2, compressed: 3, dataPage: 5, dictionaryPage: 7, dataPageV2: 8, values: 1 } as const;
const TYPE = {
  stop: 0,
  true: 1,
  false: 2,
  byte: 3,
  integers: [4, 5, 6],
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;
const DEEPEST = 8;
const LARGEST_PAGE = 2 ** 30;

/**
 * Goes through the page headers of a row group before it is decoded: the library believes them, and sizes that lead
 * backwards or beyond the file would keep it busy for ever.
 *
 * @throws DamagedParquet
 */
export async function checkPages(file: StoredFile, { columns }: RowGroup): Promise<void> {
  for (const { meta_data: column } of columns) {
    if (!column) continue;
    const {
      dictionary_page_offset: dictionary,
      data_page_offset: data,
      total_compressed_size: size,
      num_values: values,
    } = column;
    const start = Number(dictionary && dictionary > 0n && dictionary < data ? dictionary : data);
    const isInside = start >= 0 && size >= 0n && start + Number(size) <= file.size && values >= 0n;
    if (!isInside) throw new DamagedParquet('it names bytes that it does not have');
    checkChunk(Buffer.from(await file.read(start, Number(size))), Number(values));
  }
}

function checkChunk(chunk: Buffer, values: number): void {
  const reader = new CompactReader(chunk);
  for (let seen = 0; seen < values && reader.at < chunk.length;) {
    const header = reader.struct(0);
    const page = (header[FIELD.dataPage] ?? header[FIELD.dataPageV2]) as Fields | undefined;
    const counted = page ?? (header[FIELD.dictionaryPage] as Fields | undefined);
    const [stored, unpacked, count] = [
      header[FIELD.compressed],
      header[FIELD.uncompressed],
      counted?.[FIELD.values] ?? 0,
    ].map(Number);
    const isSane = stored >= 0 && reader.at + stored <= chunk.length && unpacked >= 0 && unpacked <= LARGEST_PAGE;
    if (!isSane || !(count >= 0 && count <= values)) throw new DamagedParquet('a page of it has no valid header');
    reader.at += stored;
    if (page) seen += count;
  }
}

class CompactReader {
  at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(depth: number): Fields {
    if (depth > DEEPEST) throw new DamagedParquet('a page of it has no valid header');
    const fields: Fields = {};
    for (let field = 0; ;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === TYPE.stop) return fields;
      field = head >> 4 ? field + (head >> 4) : this.#integer();
      fields[field] = this.#value(type, depth);
    }
  }

  #value(type: number, depth: number): number | Fields {
    if (type === TYPE.true || type === TYPE.false) return type;
    if (type === TYPE.byte) return this.#byte();
    if ((TYPE.integers as readonly number[]).includes(type)) return this.#integer();
    if (type === TYPE.struct) return this.struct(depth + 1);
    if (type === TYPE.double) return this.#skip(8);
    if (type === TYPE.binary) return this.#skip(this.#varint());
    if (type === TYPE.list || type === TYPE.set) return this.#list(depth);
    throw new DamagedParquet('a page of it has no valid header');
  }

  #list(depth: number): number {
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    const type = head & 15;
    for (let index = 0; index < count; index++) {
      if (type === TYPE.true || type === TYPE.false) this.#byte();
      else this.#value(type, depth + 1);
    }
    return count;
  }

  #skip(count: number): number {
    this.at += count;
    return count;
  }

  /** A zigzag-coded number. */
  #integer(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * shift;
      if (byte < 128) return value;
      if (shift > 2 ** 63) throw new DamagedParquet('a page of it has no valid header');
    }
  }

  #byte(): number {
    if (this.at >= this.#bytes.length) throw new DamagedParquet('a page of it has no valid header');
    return this.#bytes[this.at++];
  }
}
