import { basename } from 'node:path';
import { ByteSource } from './byte-source.ts';
import { isDrop } from './document.ts';
import type { Document, Drop, ReadContext, Reader, Split } from './document.ts';
import type { LimitOptions } from './limit-documents.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Line, Place } from './line-splitter.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { compressionOf, readBlocks, readPlain } from './read-text.ts';
import { documentOfRecord } from './record-document.ts';
import type { RecordOptions } from './record-document.ts';
import { splitText } from './split-text.ts';
import { splittableReader } from './splittable-reader.ts';
import type { Storage } from './storage.ts';
import { isGap } from './text-chunk.ts';
import type { Gap } from './text-chunk.ts';

/** How JSON Lines are read. */
export interface JsonlOptions extends RecordOptions, LimitOptions {
  /** Longer lines are not read. Default 64 MiB. */
  maximumLineBytes?: number;
  /** Where the files are. Default: this machine's folders, or for `s3://` the store that the environment names. */
  storage?: Storage;
}

/** A part of a file that cannot be read, and why. */
export interface Damage {
  readonly path: string;
  readonly reason: 'damaged_gzip' | 'damaged_zstd' | 'damaged_line' | 'line_too_long' | 'no_text' | 'nested_too_deeply';
  /** What exactly and where, in words. */
  readonly message: string;
}

/** A gap, where the text ended that could be read before it, and the number of the line that comes after it. */
interface PlacedGap extends Gap {
  readonly place: Place;
  readonly number: number;
}

/** Where reading can begin again: a place, and the number of the line there, where it is known. */
interface JsonlPosition extends Place {
  readonly line: number | null;
}

const DEFAULT_LINE_BYTES = 64 * 1024 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads documents from a JSON Lines file, plain, gzip or Zstandard (told by its first bytes, not its name), in bounded
 * memory. Fields other than id, text, url and metadata go into `metadata`. A record without an id gets the file's name
 * and the place where it begins: the byte in the file, or the compressed block and the byte in its text.
 *
 * @param onDamage told of each part that cannot be read, and the rest is read; without it the first one is an error
 * @throws PipelineError FILE_NOT_FOUND, READ_FAILED, DAMAGED_INPUT
 */
export async function* readJsonl(
  path: string,
  options: JsonlOptions & { onDamage?: (damage: Damage) => void } = {},
): AsyncGenerator<Document> {
  for await (const item of jsonlReader(options)(path, { reached: () => {}, reportBytes: () => {} })) {
    if (!isDrop(item)) yield item;
    else if (options.onDamage) options.onDamage(damageOf(path, item));
    else throw new PipelineError('DAMAGED_INPUT', `${item.message}; set onDamage to go on without such parts`);
  }
}

/**
 * The same as the reader of a pipeline: what cannot be read is dropped and counted, by reason. Plain files are split
 * anywhere between lines, compressed ones between gzip members or Zstandard frames.
 */
export function jsonlReader(options: JsonlOptions = {}): Reader {
  return splittableReader({ readItems, splits: splitText }, options);
}

async function* readItems(path: string, options: JsonlOptions, context: ReadContext): AsyncGenerator<Document | Drop> {
  const source = await ByteSource.open(path, options.storage);
  const split = context.split ?? { start: 0, end: source.size };
  const from = context.from as JsonlPosition | undefined;
  const knowsLines = from ? from.line !== null : split.start === 0;
  try {
    for await (const item of linesOf(source, split, from, options, context)) {
      const line = knowsLines ? item.number : null;
      context.reached({ ...item.place, line } satisfies JsonlPosition);
      if (isGap(item)) yield gapDrop(path, item);
      else yield* parseLine(path, item, line, options);
    }
  } finally {
    await source.close();
  }
}

/** The lines that begin in a part of a file, and the gaps between them. */
async function* linesOf(
  source: ByteSource,
  { start, end }: Split,
  from: JsonlPosition | undefined,
  { maximumLineBytes = DEFAULT_LINE_BYTES }: JsonlOptions,
  context: ReadContext,
): AsyncGenerator<Line | PlacedGap> {
  const compression = await compressionOf(source);
  const splitter = new LineSplitter(maximumLineBytes, from?.line ?? 1);
  // A part of a plain file begins inside of a line; the byte before tells whether that line ends there.
  let isTail = !compression && start > 0 && !from;
  const isBeyond = ({ offset }: { readonly offset: number }) => !compression && offset >= end;
  const chunks = compression
    ? readBlocks(source, compression, from ?? { block: start, offset: 0 }, end)
    : readPlain(source, from?.offset ?? Math.max(0, start - 1));
  let given: Place = from ?? { block: start, offset: 0 };
  for await (const chunk of chunks) {
    context.reportBytes(Math.min(source.offset, end) - start);
    if (isGap(chunk)) {
      splitter.reset();
      const place = given.block === chunk.offset ? given : { block: chunk.offset, offset: 0 };
      yield { ...chunk, place, number: splitter.number };
      continue;
    }
    given = { block: chunk.block, offset: chunk.offset + chunk.bytes.length };
    for (const line of splitter.push(chunk)) {
      if (isBeyond(line.place)) return;
      if (!isTail) yield line;
      isTail = false;
    }
    if (isBeyond(splitter.begun ?? source)) return;
  }
  if (!isTail) yield* splitter.finish();
}

/** The document of a line, a drop when it cannot be read, nothing when it is blank. */
function* parseLine(
  path: string,
  { place, bytes }: Line,
  number: number | null,
  options: JsonlOptions,
): Generator<Document | Drop> {
  const byte = place.block === 0 ? `byte ${place.offset}` : `byte ${place.offset} of the block at byte ${place.block}`;
  const where = `${number === null ? 'the line' : `line ${number}`} at ${byte} of ${path}`;
  const value = place.block + place.offset;
  if (bytes === null) {
    const limit = options.maximumLineBytes ?? DEFAULT_LINE_BYTES;
    yield { drop: 'line_too_long', value, message: `${where} is longer than ${limit} bytes` };
    return;
  }
  let record: unknown;
  try {
    const text = decoder.decode(bytes);
    if (text.trim() === '') return;
    record = JSON.parse(text);
  } catch (cause) {
    yield { drop: 'damaged_line', value, message: `${where} is not JSON: ${messageOf(cause).slice(0, 120)}` };
    return;
  }
  const id = [basename(path), ...(place.block === 0 ? [] : [place.block]), place.offset].join(':');
  yield documentOfRecord(record, { path, id, where }, options);
}

function gapDrop(path: string, { damage, offset, compression }: PlacedGap): Drop {
  const block = compression === 'gzip' ? 'gzip member' : 'Zstandard frame';
  const message = `the ${block} at byte ${offset} of ${path} is damaged: ${damage}`;
  return { drop: `damaged_${compression}`, value: offset, message };
}

function damageOf(path: string, drop: Drop): Damage {
  return { path, reason: drop.drop as Damage['reason'], message: drop.message ?? '' };
}
