import type { ReadWarcOptions, WarcRecord, WarcToDocumentOptions, warcToDocument as WarcToDocument } from '@smol/web';
import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import { GZIP_MAGIC } from './gzip-members.ts';
import type { LimitOptions } from './limit-documents.ts';
import { optionalPackage } from './optional-package.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { splitText } from './split-text.ts';
import { splittableReader } from './splittable-reader.ts';
import { chunksOf, openFile } from './storage.ts';
import type { Storage, StoredFile } from './storage.ts';

/** A record before its page is parsed, for tests that need no text, such as those of its address. */
export interface WarcHead {
  readonly id: string;
  readonly type: string;
  readonly url: string;
  readonly date: string;
}

/** How WARC and WET files are read. */
export interface WarcOptions extends LimitOptions, WarcToDocumentOptions {
  /** Unpacked bytes that a record may have. Default 64 MiB. */
  maximumRecordBytes?: number;
  /** Asked before a page is parsed, which is most of the work; a drop leaves the record out. */
  accept?: (record: WarcHead) => Drop | undefined;
  /** Records that are no pages (requests, metadata) are passed over without being counted. Default true. */
  onlyPages?: boolean;
  /** Added to each document's metadata. */
  metadata?: Readonly<Record<string, unknown>>;
  /** Where the files are. Default: this machine's folders, or for `s3://` the store that the environment names. */
  storage?: Storage;
}

/** Where reading can begin again: at a record, or the start of a part, after some items from there on. */
interface WarcPosition {
  readonly offset: number;
  readonly items: number;
}

const PAGE_TYPES = new Set(['response', 'conversion']);

/**
 * The reader of WARC and WET files, plain or in gzip members: pages are decoded and their main text extracted by
 * `@smol/web`, which must be installed. Files are split between gzip members, plain ones between any records. Damaged records are dropped as `damaged_record`.
 */
export function warcReader(options: WarcOptions = {}): Reader {
  // A record ends with line breaks, and so does a member that holds whole records.
  return splittableReader({ readItems, splits: splitText }, options);
}

async function* readItems(path: string, options: WarcOptions, context: ReadContext): AsyncGenerator<Document | Drop> {
  const { warcToDocument } = await loadWeb();
  const from = context.from as WarcPosition | undefined;
  const start = context.split?.start ?? 0;
  const at = { offset: from?.offset ?? start, items: 0 };
  for await (const item of recordsOf(path, options, at.offset, context.split)) {
    if (!('drop' in item) && item.offset !== at.offset) [at.offset, at.items] = [item.offset, 0];
    const position = { ...at } satisfies WarcPosition;
    at.items += 1;
    if (position.offset === from?.offset && position.items < from.items) continue;
    context.reached(position);
    context.reportBytes(position.offset - start);
    if ('drop' in item) yield item;
    else if (PAGE_TYPES.has(item.type) || options.onlyPages === false) yield toItem(item, options, warcToDocument);
  }
}

function toItem(record: WarcRecord, options: WarcOptions, convert: typeof WarcToDocument): Document | Drop {
  const refused = options.accept?.(record);
  if (refused) return refused;
  const result = convert(record, options);
  if ('keep' in result) return { drop: result.reason, value: result.value };
  return { ...result, metadata: { ...result.metadata, ...options.metadata } };
}

const loadWeb = () => optionalPackage('@smol/web', () => import('@smol/web'));

/** The records that begin in [start, end), and a drop for each damage between them, in the order of the file. */
async function* recordsOf(
  path: string,
  { storage, maximumRecordBytes }: WarcOptions,
  start: number,
  split: Split | undefined,
): AsyncGenerator<WarcRecord | Drop> {
  const { readWarc, WarcRecord: Record, WebError } = await loadWeb();
  const end = split?.end ?? Infinity;
  const file = await openFile(path, storage);
  const damaged: Drop[] = [];
  // A part of a plain file begins inside of a record, which belongs to the part before.
  let isCut = start > 0 && start === split?.start && !(await isCompressed(file));
  const onDamage: ReadWarcOptions['onDamage'] = ({ offset, reason }) => {
    const isOfPartBefore = isCut;
    isCut = false;
    if (isOfPartBefore || start + offset >= end) return;
    const message = `the record at byte ${start + offset} of ${path} is damaged (${reason})`;
    damaged.push({ drop: 'damaged_record', value: start + offset, message });
  };
  const settings = { onDamage, source: path, ...(maximumRecordBytes === undefined ? {} : { maximumRecordBytes }) };
  try {
    // Read as a stream, places are counted from the part's start.
    for await (const { headers, block, source, length, offset } of readWarc(chunksOf(file, start), settings)) {
      isCut = false;
      yield* damaged.splice(0);
      if (start + offset >= end) return;
      yield new Record(headers, block, { source, length, offset: start + offset });
    }
    yield* damaged;
  } catch (cause) {
    if (!(cause instanceof WebError)) throw cause;
    throw new PipelineError('READ_FAILED', messageOf(cause), { cause });
  } finally {
    await file.close();
  }
}

async function isCompressed(file: StoredFile): Promise<boolean> {
  const [first, second] = await file.read(0, 2);
  return first === GZIP_MAGIC[0] && second === GZIP_MAGIC[1];
}
