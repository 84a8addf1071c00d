import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { CompressionCodec, SchemaElement } from 'hyparquet';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { describeParquet } from './parquet-input.ts';
import type { ParquetDescription } from './parquet-input.ts';
import type { StoredRecord } from './file-record.ts';
import type { RecordChange } from './record-splice.ts';
import type { ResultFiles, ResultOptions } from './result-files.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { compressZstandard, loadZstandard } from './zstandard.ts';

/** A row group is written when it has so many rows, or so many bytes. */
const GROUP_ROWS = 100_000;
const GROUP_BYTES = 64 * 2 ** 20;

const COMPRESSORS = {
  ZSTD: compressZstandard,
  GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)),
  BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliCompressSync(bytes)),
};
const WRITTEN_CODECS = new Set(['UNCOMPRESSED', 'SNAPPY', ...Object.keys(COMPRESSORS)]);

/** What other programs keep about the columns of a file, which is wrong when there are more of them. */
const KEYS_ABOUT_COLUMNS = new Set(['ARROW:schema', 'huggingface', 'pandas']);

/** Hands what is written to a stage file, row group by row group. */
class StageWriter extends ByteWriter {
  readonly #file: StageFile;

  constructor(file: StageFile) {
    super();
    this.#file = file;
  }

  flush(): void {
    this.#file.write(new Uint8Array(this.buffer, 0, this.index));
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

/** A column that is added to those of the input. */
interface AddedColumn {
  key: string;
  type: 'INT32' | 'STRING';
}

function elementOf(name: string, type: AddedColumn['type']): SchemaElement {
  if (type === 'INT32') return { name, type, repetition_type: 'OPTIONAL' };
  return {
    name,
    type: 'BYTE_ARRAY',
    converted_type: 'UTF8',
    logical_type: { type: 'STRING' },
    repetition_type: 'OPTIONAL',
  };
}

const bytesIn = (row: readonly unknown[]) =>
  row.reduce<number>((sum, value) => sum + (value instanceof Uint8Array ? value.length : 16), 0);

/** A Parquet file with the columns of another and some more. */
class ParquetTable {
  readonly #file: StageFile;
  readonly #writer: ParquetWriter;
  readonly #schema: SchemaElement[];
  readonly #names: string[];
  readonly #added: readonly AddedColumn[];
  #rows: (readonly unknown[])[] = [];
  #bytes = 0;

  constructor(path: string, { metadata, columns, writing, footer }: ParquetDescription, added: readonly AddedColumn[]) {
    const names = columns.map(({ name }) => name);
    for (const { key } of added) {
      let name = key;
      while (names.includes(name)) name += '_';
      names.push(name);
    }
    const extra = added.map(({ type }, index) => elementOf(names[columns.length + index], type));
    const withAdded = (elements: SchemaElement[]) => [
      { ...elements[0], num_children: names.length },
      ...elements.slice(1),
      ...extra,
    ];
    const codec = metadata.row_groups[0]?.columns[0]?.meta_data?.codec ?? 'SNAPPY';
    const keys = metadata.key_value_metadata?.filter(({ key }) => added.length === 0 || !KEYS_ABOUT_COLUMNS.has(key));
    this.#names = names;
    this.#added = added;
    this.#schema = withAdded(footer);
    this.#file = new StageFile(path);
    this.#writer = new ParquetWriter({
      writer: new StageWriter(this.#file),
      schema: withAdded(writing),
      codec: (WRITTEN_CODECS.has(codec) ? codec : 'SNAPPY') as CompressionCodec,
      compressors: COMPRESSORS,
      statistics: false,
      kvMetadata: keys,
    });
  }

  add(row: readonly unknown[], values: Readonly<Record<string, unknown>>): void {
    const full = [...row, ...this.#added.map(({ key }) => values[key] ?? null)];
    this.#rows.push(full);
    this.#bytes += bytesIn(full);
    if (this.#rows.length >= GROUP_ROWS || this.#bytes >= GROUP_BYTES) this.#writeGroup();
  }

  #writeGroup(): void {
    const rows = this.#rows;
    if (rows.length === 0) return;
    const columnData = this.#names.map((name, column) => ({ name, data: rows.map((row) => row[column]) }));
    void this.#writer.write({ columnData, rowGroupSize: rows.length });
    [this.#rows, this.#bytes] = [[], 0];
  }

  close(): FileSeal {
    this.#writeGroup();
    this.#writer.schema = this.#schema; // with the meanings again
    void this.#writer.finish();
    return this.#file.close();
  }
}

const REMOVED_COLUMNS: readonly AddedColumn[] = [
  { key: 'filter_reason', type: 'STRING' },
  { key: 'duplicate_of', type: 'STRING' },
  { key: 'dedup', type: 'STRING' },
];

/** What is not a column of its own, as JSON; `null` if that is nothing. */
function detailsOf(metadata: object, columns: readonly AddedColumn[]): string | null {
  const rest = Object.entries(metadata).filter(([key]) => !columns.some((column) => column.key === key));
  return rest.length === 0 ? null : JSON.stringify(Object.fromEntries(rest));
}

/** Results as Parquet files with the columns of the input; what is added to the metadata of records are columns too. */
export class ParquetResults implements ResultFiles {
  readonly #options: ResultOptions;
  readonly #places: ReadonlyMap<string, number>;
  readonly #keptColumns: readonly AddedColumn[];
  readonly #kept: ParquetTable;
  readonly #removed: ParquetTable;

  private constructor(options: ResultOptions, description: ParquetDescription) {
    const { folder, kept, removed, numbers = [], details = false } = options;
    this.#options = options;
    this.#places = new Map(description.columns.map(({ name }, column) => [name, column]));
    this.#keptColumns = [
      ...numbers.map((key) => ({ key, type: 'INT32' }) as const),
      ...(details ? [{ key: 'dedup', type: 'STRING' } as const] : []),
    ];
    this.#kept = new ParquetTable(join(folder, kept), description, this.#keptColumns);
    this.#removed = new ParquetTable(join(folder, removed), description, REMOVED_COLUMNS);
  }

  /** @throws DedupError of the file that cannot be read or written */
  static async open(input: string, options: ResultOptions): Promise<ParquetResults> {
    await loadZstandard();
    return new ParquetResults(options, await describeParquet(input));
  }

  keep({ row }: StoredRecord, { fields = {}, metadata }: RecordChange = { metadata: {} }): void {
    const values = Object.keys(fields).length === 0 ? row! : [...row!];
    for (const [key, value] of Object.entries(fields)) {
      (values as unknown[])[this.#places.get(key)!] = typeof value === 'string' ? Buffer.from(value) : value;
    }
    this.#kept.add(values, { ...metadata, dedup: detailsOf(metadata, this.#keptColumns) });
  }

  remove({ row }: StoredRecord, metadata: Record<string, unknown>): void {
    this.#removed.add(row!, { ...metadata, dedup: detailsOf(metadata, REMOVED_COLUMNS) });
  }

  close(): Record<string, FileSeal> {
    const { kept, removed } = this.#options;
    return { [kept]: this.#kept.close(), [removed]: this.#removed.close() };
  }
}
