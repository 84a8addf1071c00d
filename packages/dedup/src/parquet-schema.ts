import { parquetSchema } from 'hyparquet';
import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { DedupError } from './dedup-error.ts';

/**
 * Rows are carried from one Parquet file to another in their physical types (bytes, 32- and 64-bit numbers), so that no
 * conversion can change a value. The schema is taken apart for that: what numbers and bytes mean (dates, decimals, text) is
 * left out while rows are read and written, and written into the new file's footer as it was.
 */

/** A column of the table; it may hold lists and structs. */
export interface ParquetColumn {
  name: string;
  /** text in UTF-8 */
  isText: boolean;
  /** a map at the top, which is carried as a list of entries */
  isMap: boolean;
}

/** What a file's columns are, and how they are read and written. */
export interface PhysicalSchema {
  columns: ParquetColumn[];
  /** without meanings, and with maps as lists */
  reading: SchemaElement[];
  /** without meanings */
  writing: SchemaElement[];
  /** as it was, for the footer of the new file */
  footer: SchemaElement[];
}

const isMap = ({ converted_type: type }: SchemaElement) => type === 'MAP' || type === 'MAP_KEY_VALUE';

function withoutMeaning(element: SchemaElement): SchemaElement {
  const { converted_type: _converted, logical_type: _logical, ...physical } = element;
  return physical;
}

/** Widths of integers as converted types, which say the same: hyparquet-writer 0.17 writes the logical ones so that others cannot read them. */
function withConvertedInteger(element: SchemaElement): SchemaElement {
  const { logical_type: logical, ...rest } = element;
  if (logical?.type !== 'INTEGER') return element;
  const converted = `${logical.isSigned ? 'INT' : 'UINT'}_${logical.bitWidth}` as SchemaElement['converted_type'];
  return { ...rest, converted_type: rest.converted_type ?? converted };
}

const isText = ({ type, converted_type: converted, logical_type: logical }: SchemaElement) =>
  type === 'BYTE_ARRAY' && (converted === 'UTF8' || logical?.type === 'STRING' || (!converted && !logical));

/** What cannot be written again as it was. */
function findUnwritable(tree: SchemaTree, isTop: boolean): string | null {
  const { element, children } = tree;
  if (element.type === 'INT96') return `column ${tree.path.join('.')} is of the old type INT96`;
  if (isMap(element) && !isTop) return `column ${tree.path.join('.')} is a map within another column`;
  if (element.logical_type?.type === 'VARIANT') return `column ${tree.path.join('.')} is of type VARIANT`;
  for (const child of children) {
    const found = findUnwritable(child, false);
    if (found !== null) return found;
  }
  return null;
}

/** @throws DedupError `UNREADABLE_FILE` where a column could not be written again as it was */
export function physicalSchemaOf(path: string, { schema }: FileMetaData): PhysicalSchema {
  const { children } = parquetSchema({ schema } as FileMetaData);
  for (const column of children) {
    const problem = findUnwritable(column, true);
    if (problem === null) continue;
    throw new DedupError(
      'UNREADABLE_FILE',
      `${path}: ${problem}, which cannot be kept as it is; convert it or leave it out`,
    );
  }
  return {
    columns: children.map(({ element }) => ({
      name: element.name,
      isText: isText(element) && element.repetition_type !== 'REPEATED',
      isMap: isMap(element),
    })),
    reading: schema.map((element) => (element.type || isMap(element) ? withoutMeaning(element) : element)),
    writing: schema.map((element) => (element.type ? withoutMeaning(element) : element)),
    footer: schema.map(withConvertedInteger),
  };
}
