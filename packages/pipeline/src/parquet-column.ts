import type { CompressionCodec, Compressors, FileMetaData, RowGroup, SchemaElement } from 'hyparquet';
import { DamagedParquet, damageIfFails } from './damaged-parquet.ts';
import type { Codec } from './parquet-codecs.ts';
import { asyncBuffer } from './parquet-file.ts';
import { CheckedPages } from './parquet-pages.ts';
import type { Chunk, Depth } from './parquet-pages.ts';
import type { StoredFile } from './storage.ts';

/** A column, or a tree of them: its elements as they follow one another in the file's schema. */
export interface Column {
  readonly name: string;
  readonly elements: readonly SchemaElement[];
}

const DEEPEST = 32;
/** The widest decimals that there are have 32 bytes; the library's time for one grows with the square of its length. */
const WIDEST_DECIMAL = 64;

/** The columns of a schema, which is a tree in one list: an element with n children is followed by them. @throws DamagedParquet */
export function columnsOf({ schema }: FileMetaData): Column[] {
  const treeEnd = (index: number, depth: number): number => {
    if (index >= schema.length || depth > DEEPEST) throw new DamagedParquet('its schema is not a tree of columns');
    let end = index + 1;
    for (let child = 0; child < (schema[index].num_children ?? 0); child++) end = treeEnd(end, depth + 1);
    return end;
  };
  const columns: Column[] = [];
  for (let start = 1, end = 1; start < schema.length; start = end) {
    end = treeEnd(start, 1);
    columns.push({ name: schema[start].name, elements: schema.slice(start, end) });
  }
  return columns;
}

/** The stored columns of a row group by the name of the column that they belong to. @throws DamagedParquet */
export function chunksByColumn({ columns }: RowGroup): Map<string, RowGroup['columns']> {
  const byName = new Map<string, RowGroup['columns']>();
  const paths = new Set<string>();
  for (const column of columns) {
    const path = column.meta_data!.path_in_schema;
    if (paths.has(path.join('.'))) throw new DamagedParquet('it describes a column twice');
    paths.add(path.join('.'));
    byName.set(path[0], [...(byName.get(path[0]) ?? []), column]);
  }
  return byName;
}

/** Where a column is read from. */
export interface ColumnPlace {
  readonly file: StoredFile;
  readonly metadata: FileMetaData;
  readonly group: RowGroup;
  readonly codecs: Readonly<Record<string, Codec | undefined>>;
  /** Most bytes that the row group may unpack to. */
  readonly limit: number;
}

/**
 * The values of a column in a row group, row by row, and the bytes that its pages unpack to. The library is shown a file of this
 * one column, whose pages are checked before it decodes them.
 *
 * @throws DamagedParquet; PipelineError when the file cannot be read
 */
export async function readColumn(
  { file, metadata, group, codecs, limit }: ColumnPlace,
  { name, elements }: Column,
  columns: RowGroup['columns'],
): Promise<{ values: unknown[]; bytes: number }> {
  const { parquetReadObjects } = await import('hyparquet');
  const compressors: Record<string, Codec> = {};
  let bytes = 0;
  const checked: RowGroup['columns'] = [];
  for (const [index, column] of columns.entries()) {
    const chunk = column.meta_data!;
    const pages = await checkChunk(file, chunk, elements, limit - bytes);
    bytes += pages.unpacked;
    const codec = codecs[chunk.codec];
    if (!codec) throw new DamagedParquet(`its codec ${chunk.codec} is not known`);
    // Under a name of its own even what is not packed passes by the check.
    const own = `checked ${index}`;
    compressors[own] = (packed, length) => pages.unpack(packed, length, codec);
    const size = BigInt(pages.end);
    checked.push({ ...column, meta_data: { ...chunk, codec: own as CompressionCodec, total_compressed_size: size } });
  }
  const schema = [{ ...metadata.schema[0], num_children: 1 }, ...elements];
  const view = { ...metadata, schema, row_groups: [{ ...group, columns: checked }] };
  const rows = await damageIfFails(() =>
    parquetReadObjects({
      file: asyncBuffer(file),
      metadata: view,
      columns: [name],
      compressors: compressors as Compressors,
      parsers: { geometryFromBytes: (value) => value, geographyFromBytes: (value) => value },
      geoparquet: false,
      rowEnd: Number(group.num_rows),
    }),
  );
  return { values: rows.map((row) => (row as Record<string, unknown>)[name]), bytes };
}

async function checkChunk(
  file: StoredFile,
  chunk: Chunk,
  elements: readonly SchemaElement[],
  limit: number,
): Promise<CheckedPages> {
  const depth = depthOf(chunk.path_in_schema, elements);
  // The library begins at a dictionary that is named, wherever it is.
  const start = Number(chunk.dictionary_page_offset || chunk.data_page_offset);
  const size = Number(chunk.total_compressed_size);
  if (!(start >= 0 && size >= 0 && start + size <= file.size))
    throw new DamagedParquet('it names bytes that it does not have');
  const pages = new CheckedPages(await file.read(start, size), chunk, depth, limit);
  if (pages.unpacked > limit)
    throw new DamagedParquet(`it unpacks to ${pages.unpacked} bytes, at most ${limit} are left`);
  return pages;
}

/** Finds a stored column in the tree, and whether the library can be trusted with its type. */
function depthOf(path: readonly string[], elements: readonly SchemaElement[]): Depth {
  let [index, definition, repetition] = [0, 0, 0];
  for (const [level, name] of path.entries()) {
    if (level > 0) index = childOf(elements, index, name);
    const element = elements[index];
    if (!element || element.name !== name)
      throw new DamagedParquet('it describes a column that its schema does not have');
    if (element.repetition_type !== 'REQUIRED') definition++;
    if (element.repetition_type === 'REPEATED') repetition++;
    if (element.logical_type?.type === 'VARIANT')
      throw new DamagedParquet(`its column ${path[0]} is a VARIANT, which is not read`);
  }
  const { converted_type: meaning, type, type_length: length = 0 } = elements[index];
  const isEndless = type === 'BYTE_ARRAY' || (type === 'FIXED_LEN_BYTE_ARRAY' && length > WIDEST_DECIMAL);
  if (meaning === 'DECIMAL' && isEndless)
    throw new DamagedParquet('it has decimals without a fixed length, which are not read');
  return { definition, repetition };
}

/** The child of an element by its name; -1 when there is none. */
function childOf(elements: readonly SchemaElement[], parent: number, name: string): number {
  let index = parent + 1;
  for (let child = 0; child < (elements[parent]?.num_children ?? 0); child++) {
    if (elements[index]?.name === name) return index;
    for (let open = 1; open > 0 && index < elements.length; index++) open += (elements[index].num_children ?? 0) - 1;
  }
  return -1;
}
