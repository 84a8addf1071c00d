import type { CompressionCodec, RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { DocumentWriter, OutputFile, OutputFormat } from './document-writer.ts';
import { compressPage, loadZstandard } from './zstandard.ts';

/** What a column holds. */
export type ParquetColumnType = 'string' | 'double' | 'int64' | 'boolean';

/** How Parquet files are written. */
export interface ParquetFormatOptions {
  /**
   * Keys of the metadata that get a column of their own, in order, and what they hold. Default: those of the FineWeb
   * data sets (`dump`, `date`, `file_path`, `language`, `language_score`, `token_count`). Whatever else is in the
   * metadata, or is not of the column's type, goes as JSON into the column `metadata`, so that nothing is lost.
   */
  columns?: Readonly<Record<string, ParquetColumnType>>;
  /** Default `SNAPPY`, as datatrove has it. */
  codec?: 'SNAPPY' | 'ZSTD' | 'UNCOMPRESSED';
  /** A row group is written when it holds so many UTF-16 units. Default 32 Mi. */
  groupCharacters?: number;
}

const FINEWEB_COLUMNS: Readonly<Record<string, ParquetColumnType>> = {
  dump: 'string',
  date: 'string',
  file_path: 'string',
  language: 'string',
  language_score: 'double',
  token_count: 'int64',
};
const GROUP_CHARACTERS = 32 * 2 ** 20;
const OWN_COLUMNS = ['text', 'id', 'url', 'metadata'];
const BIG_INTEGER = 'bigint:';

/** Parquet with the columns text, id, url, those of the options, and `metadata` for the rest. */
export function parquetFormat(options: ParquetFormatOptions = {}): OutputFormat {
  return {
    load: loadZstandard,
    open: (file, state) => new ParquetDocumentWriter(file, options, state as string | undefined),
  };
}

/** Hands what is written to a file at the end of each row group. */
class FileWriter extends ByteWriter {
  readonly #file: OutputFile;

  constructor(file: OutputFile) {
    super();
    this.#file = file;
  }

  flush(): void {
    if (this.index > 0) this.#file.write(new Uint8Array(this.buffer.slice(0, this.index)));
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

class ParquetDocumentWriter implements DocumentWriter {
  readonly #writer: ParquetWriter;
  readonly #columns: readonly [string, ParquetColumnType][];
  readonly #names: readonly string[];
  readonly #groupCharacters: number;
  #rows: unknown[][] = [];
  buffered = 0;

  constructor(file: OutputFile, options: ParquetFormatOptions, state: string | undefined) {
    const { columns = FINEWEB_COLUMNS, codec = 'SNAPPY', groupCharacters = GROUP_CHARACTERS } = options;
    this.#columns = Object.entries(columns).filter(([name]) => !OWN_COLUMNS.includes(name));
    this.#names = ['text', 'id', 'url', ...this.#columns.map(([name]) => name), 'metadata'];
    this.#groupCharacters = groupCharacters;
    const bytes = new FileWriter(file);
    this.#writer = new ParquetWriter({
      writer: bytes,
      schema: schemaOf(this.#columns),
      codec: codec satisfies CompressionCodec,
      compressors: { ZSTD: compressPage },
      statistics: false,
      createdBy: '@smol/pipeline',
    });
    if (state === undefined || file.size === 0) return;
    // What has been written before, its first bytes among it, is in the file already.
    [bytes.index, bytes.offset] = [0, file.size];
    this.#writer.row_groups = parseGroups(state);
    this.#writer.num_rows = this.#writer.row_groups.reduce((sum, group) => sum + group.num_rows, 0n);
  }

  write(document: object): void {
    const { text, id, url, metadata } = document as Record<string, unknown>;
    const rest = { ...(metadata as Record<string, unknown> | undefined) };
    const values = this.#columns.map(([name, type]) => {
      const value = fitting(rest[name], type);
      if (value !== null) delete rest[name];
      return value;
    });
    const json = Object.keys(rest).length === 0 ? null : JSON.stringify(rest);
    this.#rows.push([fitting(text, 'string'), fitting(id, 'string'), fitting(url, 'string'), ...values, json]);
    this.buffered += (typeof text === 'string' ? text.length : 0) + (json?.length ?? 0) + 100;
    if (this.buffered >= this.#groupCharacters) this.flush();
  }

  flush(): void {
    if (this.#rows.length === 0) return;
    const rows = this.#rows;
    const columnData = this.#names.map((name, column) => ({
      name,
      data: rows.map((row) => row[column]),
      offsetIndex: false,
    }));
    // With a writer that is never late it does all at once.
    void this.#writer.write({ columnData, rowGroupSize: rows.length });
    [this.#rows, this.buffered] = [[], 0];
  }

  state(): string {
    return JSON.stringify(this.#writer.row_groups, (_, value: unknown) =>
      typeof value === 'bigint' ? `${BIG_INTEGER}${value}` : value,
    );
  }

  finish(): void {
    this.flush();
    void this.#writer.finish();
  }
}

function schemaOf(columns: readonly [string, ParquetColumnType][]): SchemaElement[] {
  const all: [string, ParquetColumnType][] = [
    ['text', 'string'],
    ['id', 'string'],
    ['url', 'string'],
    ...columns,
    ['metadata', 'string'],
  ];
  return [{ name: 'root', num_children: all.length }, ...all.map(([name, type]) => elementOf(name, type))];
}

function elementOf(name: string, type: ParquetColumnType): SchemaElement {
  const physical = { string: 'BYTE_ARRAY', double: 'DOUBLE', int64: 'INT64', boolean: 'BOOLEAN' } as const;
  const element: SchemaElement = { name, type: physical[type], repetition_type: 'OPTIONAL' };
  return type === 'string' ? { ...element, converted_type: 'UTF8', logical_type: { type: 'STRING' } } : element;
}

/** The value as its column stores it; `null` when it is not of the column's type. */
function fitting(value: unknown, type: ParquetColumnType): unknown {
  if (type === 'int64') return Number.isSafeInteger(value) ? BigInt(value as number) : null;
  if (type === 'double') return typeof value === 'number' ? value : null;
  return typeof value === type ? value : null;
}

function parseGroups(state: string): RowGroup[] {
  return JSON.parse(state, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(BIG_INTEGER) ? BigInt(value.slice(BIG_INTEGER.length)) : value,
  ) as RowGroup[];
}
