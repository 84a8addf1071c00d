import type { RowGroup } from 'hyparquet';
import { CompactReader } from './compact-reader.ts';
import type { Fields } from './compact-reader.ts';
import { DamagedParquet } from './damaged-parquet.ts';
import type { Codec } from './parquet-codecs.ts';
import { checkRuns, checkValues } from './parquet-values.ts';

/** A column of a row group, as the file describes it. */
export type Chunk = NonNullable<RowGroup['columns'][number]['meta_data']>;

/** How deep the values of a column lie: how often they may be missing, and repeated. */
export interface Depth {
  readonly definition: number;
  readonly repetition: number;
}

/** Numbers of fields of a page's header, and of those inside of it. */
const HEADER = { type: 1, unpacked: 2, stored: 3, data: 5, dictionary: 7, dataV2: 8 } as const;
const DATA = { values: 1, encoding: 2 } as const;
const DATA_V2 = {
  values: 1,
  nulls: 2,
  rows: 3,
  encoding: 4,
  definitionBytes: 5,
  repetitionBytes: 6,
  packed: 7,
} as const;
const PAGE = { data: 0, dictionary: 2, dataV2: 3 } as const;
const FALSE = 2;
const LARGEST_PAGE = 2 ** 30;

/** What is to be known of a page before it is decoded. */
interface Page {
  readonly type: number;
  /** Where its bytes are in the column. */
  readonly at: number;
  readonly stored: number;
  readonly unpacked: number;
  readonly values: number;
  readonly fields: Fields;
}

/** The pages of a column, each checked when it is unpacked. */
export class CheckedPages {
  /** Bytes of all pages, unpacked. */
  unpacked = 0;
  /** Bytes up to the end of the last page that has values of the column. */
  end = 0;
  /** Bytes of texts that are taken over from others. */
  shared = 0;
  readonly #pages = new Map<number, Page>();
  readonly #bytes: Uint8Array;
  readonly #depth: Depth;
  readonly #isBoolean: boolean;
  readonly #limit: number;

  /**
   * Goes through the headers: the library believes them, and sizes that lead backwards or beyond the file would keep
   * it busy for ever.
   *
   * @throws DamagedParquet
   */
  constructor(bytes: Uint8Array, chunk: Chunk, depth: Depth, limit: number) {
    [this.#bytes, this.#depth, this.#isBoolean, this.#limit] = [bytes, depth, chunk.type === 'BOOLEAN', limit];
    const reader = new CompactReader(bytes);
    for (let left = Number(chunk.num_values); left > 0 && reader.at < bytes.length;) {
      const page = readPage(reader, left, chunk);
      if (page.type === PAGE.dataV2) this.#checkLevels(page);
      this.#pages.set(page.at + levelBytes(page), page);
      this.unpacked += page.unpacked;
      if (page.type !== PAGE.dictionary) left -= page.values;
    }
    this.end = reader.at;
  }

  /** Unpacks what begins at a place in the column, and looks into it before the library does. */
  unpack(packed: Uint8Array, length: number, codec: Codec): Uint8Array {
    const page = this.#pages.get(packed.byteOffset);
    if (!page) throw new DamagedParquet('a page of it is not where its header says');
    const bytes = length === 0 ? new Uint8Array(0) : codec(packed, length);
    if (bytes.length !== length) throw new DamagedParquet('a page of it unpacks to another length than it says');
    if (page.type === PAGE.data) this.#checkData(page, bytes);
    else if (page.type === PAGE.dataV2) this.#checkDataV2(page, bytes);
    return bytes;
  }

  #checkData({ values, fields }: Page, bytes: Uint8Array): void {
    const { definition, repetition } = this.#depth;
    let [at, count] = [0, values];
    if (repetition > 0) at = prefixedEnd(bytes, at, () => checkRuns(bytes, at + 4, values, widthOf(repetition)));
    if (definition > 0) {
      at = prefixedEnd(bytes, at, () => {
        count = checkRuns(bytes, at + 4, values, widthOf(definition), definition);
      });
    }
    this.#checkValues(bytes, at, Number(fields[DATA.encoding]), count);
  }

  #checkDataV2({ values, fields }: Page, bytes: Uint8Array): void {
    this.#checkValues(bytes, 0, Number(fields[DATA_V2.encoding]), values - Number(fields[DATA_V2.nulls]));
  }

  #checkLevels(page: Page): void {
    const { definition, repetition } = this.#depth;
    const { at, stored, values, fields } = page;
    const end = at + Number(fields[DATA_V2.repetitionBytes]);
    if (repetition > 0) checkRuns(this.#bytes, at, values, widthOf(repetition));
    if (definition > 0) checkRuns(this.#bytes, end, values, widthOf(definition));
    if (fields[DATA_V2.packed] === FALSE) {
      this.#checkDataV2(page, this.#bytes.subarray(at + levelBytes(page), at + stored));
    }
  }

  #checkValues(bytes: Uint8Array, at: number, encoding: number, count: number): void {
    this.shared += checkValues(bytes, at, { encoding, count, isBoolean: this.#isBoolean });
    if (this.shared > this.#limit) throw new DamagedParquet(`it unpacks to more than ${this.#limit} bytes`);
  }
}

function readPage(reader: CompactReader, left: number, chunk: Chunk): Page {
  const header = reader.struct();
  const type = Number(header[HEADER.type]);
  const part = { [PAGE.data]: HEADER.data, [PAGE.dictionary]: HEADER.dictionary, [PAGE.dataV2]: HEADER.dataV2 }[type];
  const fields = header[part ?? -1] as Fields | undefined;
  const [stored, unpacked] = [Number(header[HEADER.stored]), Number(header[HEADER.unpacked])];
  const values = Number(fields?.[DATA.values]);
  const page: Page = { type, at: reader.at, stored, unpacked, values, fields: fields ?? {} };
  const mostStored = chunk.codec === 'UNCOMPRESSED' ? unpacked : 2 * unpacked + 2 ** 16;
  const isSane =
    isBetween(unpacked, LARGEST_PAGE) &&
    isBetween(stored, Math.min(mostStored, Number(chunk.total_compressed_size) - reader.at)) &&
    isBetween(values, left) &&
    (type !== PAGE.dataV2 || isSaneV2(page));
  if (!isSane) throw new DamagedParquet('a page of it has no valid header');
  reader.at += stored;
  return page;
}

function isSaneV2({ values, stored, unpacked, fields }: Page): boolean {
  const [nulls, rows, definition, repetition] = [
    fields[DATA_V2.nulls],
    fields[DATA_V2.rows],
    fields[DATA_V2.definitionBytes],
    fields[DATA_V2.repetitionBytes],
  ].map(Number);
  const isLevels = isBetween(definition, stored) && isBetween(repetition, stored - definition);
  return isBetween(nulls, values) && isBetween(rows, values) && isLevels && definition + repetition <= unpacked;
}

const isBetween = (value: number, most: number) => value >= 0 && value <= most;
const widthOf = (most: number) => 32 - Math.clz32(most);

/** In the second kind of pages, how often values are missing and repeated stands before them, not packed. */
function levelBytes({ type, fields }: Page): number {
  return type === PAGE.dataV2 ? Number(fields[DATA_V2.definitionBytes]) + Number(fields[DATA_V2.repetitionBytes]) : 0;
}

/** Where something ends that begins with its length. */
function prefixedEnd(bytes: Uint8Array, at: number, check: () => void): number {
  if (at + 4 > bytes.length) throw new DamagedParquet('a page of it ends too early');
  const end = at + 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
  if (end > bytes.length) throw new DamagedParquet('a page of it ends too early');
  check();
  return end;
}
