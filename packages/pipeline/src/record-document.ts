import type { Document, Drop } from './document.ts';
import { sizeOf } from './row-size.ts';

/** Which fields of a record hold what. */
export interface RecordOptions {
  /** Name of the field that holds the text. Default `text`. */
  textKey?: string;
  /** Name of the field that holds the id. Default `id`; a record without one gets the name of its file and its place there. */
  idKey?: string;
  /** Name of the field that holds the address. Default `url`. */
  urlKey?: string;
  /** Added to each document's metadata, where the record does not say otherwise (`{ dump: 'CC-MAIN-2024-10' }`). */
  metadata?: Readonly<Record<string, unknown>>;
  /** Whether the address of the file goes into `metadata.file_path`, where the record does not say otherwise. Default false. */
  filePath?: boolean;
}

/** Where a record is from. */
export interface RecordPlace {
  readonly path: string;
  /** Id of a record that has none. */
  readonly id: string;
  /** In words: "line 3 of a.jsonl". */
  readonly where: string;
}

/**
 * The document in a record. Fields other than id, text, url and metadata go into `metadata`;
 * metadata that is JSON in a string (as in Parquet files) is parsed.
 */
export function documentOfRecord(
  record: unknown,
  { path, id: placeId, where }: RecordPlace,
  options: RecordOptions,
): Document | Drop {
  const { textKey = 'text', idKey = 'id', urlKey = 'url' } = options;
  const fields: Record<string, unknown> = typeof record === 'object' && record !== null ? { ...record } : {};
  const { [textKey]: text, [idKey]: id, [urlKey]: url, metadata, ...others } = fields;
  if (typeof text !== 'string') return { drop: 'no_text', message: `${where} has no text in its field "${textKey}"` };
  const all = {
    ...options.metadata,
    ...(options.filePath ? { file_path: path } : {}),
    ...others,
    ...metadataOf(metadata),
  };
  if (!Number.isFinite(sizeOf(all)))
    return { drop: 'nested_too_deeply', message: `${where} is nested too deeply to be written` };
  return {
    id: typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' ? String(id) : placeId,
    text,
    ...(typeof url === 'string' ? { url } : {}),
    metadata: all,
  };
}

function metadataOf(metadata: unknown): Record<string, unknown> {
  if (typeof metadata === 'string') return metadataOf(parsed(metadata));
  return typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? { ...metadata } : {};
}

/** Text that is no JSON is kept as a field of its own. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return { metadata: text };
  }
}
