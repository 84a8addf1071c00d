import { basename } from 'node:path';
import { ByteSource } from './byte-source.ts';
import type { Document, Drop, Reader } from './document.ts';
import { isDrop } from './document.ts';
import { gunzip } from './gzip-members.ts';
import type { Gap } from './gzip-members.ts';
import { LineSplitter } from './line-splitter.ts';
import type { Line } from './line-splitter.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';

/** How JSON Lines are read. */
export interface JsonlOptions {
  /** Name of the field that holds the text. Default `text`. */
  textKey?: string;
  /** Name of the field that holds the id. Default `id`; a record without one gets `FILE:LINE`. */
  idKey?: string;
  /** Longer lines are not read. Default 64 MiB. */
  maximumLineBytes?: number;
}

/** A part of a file that cannot be read, and why. */
export interface Damage {
  readonly path: string;
  readonly reason: 'damaged_gzip' | 'damaged_line' | 'line_too_long' | 'no_text';
  /** What exactly and where, in words. */
  readonly message: string;
}

const DEFAULT_LINE_BYTES = 64 * 1024 * 1024;
const PLAIN_CHUNK_BYTES = 256 * 1024;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads documents from a JSON Lines file, compressed or not (told by its first bytes, not its name), in bounded memory.
 * Fields other than id, text, url and metadata go into `metadata`.
 *
 * @param onDamage told of each part that cannot be read, and the rest is read; without it the first one is an error
 * @throws PipelineError FILE_NOT_FOUND, READ_FAILED, DAMAGED_INPUT
 */
export async function* readJsonl(
  path: string,
  options: JsonlOptions & { onDamage?: (damage: Damage) => void } = {},
): AsyncGenerator<Document> {
  for await (const item of readItems(path, options, () => {})) {
    if (!isDrop(item)) yield item;
    else if (options.onDamage) options.onDamage(damageOf(path, item));
    else throw new PipelineError('DAMAGED_INPUT', `${item.message}; set onDamage to go on without such parts`);
  }
}

/** The same as the reader of a pipeline: what cannot be read is dropped and counted, by reason. */
export function jsonlReader(options: JsonlOptions = {}): Reader {
  return (input, { reportBytes }) => readItems(input, options, reportBytes);
}

async function* readItems(
  path: string,
  options: JsonlOptions,
  reportBytes: (bytes: number) => void,
): AsyncGenerator<Document | Drop> {
  const source = await ByteSource.open(path);
  const splitter = new LineSplitter(options.maximumLineBytes ?? DEFAULT_LINE_BYTES);
  try {
    for await (const chunk of readBytes(source)) {
      reportBytes(source.offset);
      if (isGap(chunk)) {
        splitter.reset();
        yield gapDrop(path, chunk);
      } else for (const line of splitter.push(chunk)) yield* parseLine(path, line, options);
    }
    for (const line of splitter.finish()) yield* parseLine(path, line, options);
  } finally {
    await source.close();
  }
}

async function* readBytes(source: ByteSource): AsyncGenerator<Uint8Array | Gap> {
  const start = await source.peek(2);
  if (start[0] === 0x1f && start[1] === 0x8b) yield* gunzip(source);
  else {
    for (
      let chunk = await source.take(PLAIN_CHUNK_BYTES);
      chunk.length > 0;
      chunk = await source.take(PLAIN_CHUNK_BYTES)
    ) {
      yield chunk;
    }
  }
}

/** The document of a line, a drop when it cannot be read, nothing when it is blank. */
function* parseLine(path: string, { number, bytes }: Line, options: JsonlOptions): Generator<Document | Drop> {
  const where = `line ${number} of ${path}`;
  if (bytes === null) {
    yield {
      drop: 'line_too_long',
      message: `${where} is longer than ${options.maximumLineBytes ?? DEFAULT_LINE_BYTES} bytes`,
    };
    return;
  }
  try {
    const text = decoder.decode(bytes);
    if (text.trim() === '') return;
    yield toDocument(JSON.parse(text), `${basename(path)}:${number}`, where, options);
  } catch (cause) {
    yield { drop: 'damaged_line', message: `${where} is not JSON: ${messageOf(cause).slice(0, 120)}` };
  }
}

function toDocument(record: unknown, defaultId: string, where: string, options: JsonlOptions): Document | Drop {
  const { textKey = 'text', idKey = 'id' } = options;
  const fields: Record<string, unknown> = typeof record === 'object' && record !== null ? { ...record } : {};
  const { [textKey]: text, [idKey]: id, url, metadata, ...others } = fields;
  if (typeof text !== 'string') return { drop: 'no_text', message: `${where} has no text in its field "${textKey}"` };
  const known = typeof metadata === 'object' && metadata !== null ? metadata : {};
  return {
    id: typeof id === 'string' || typeof id === 'number' ? String(id) : defaultId,
    text,
    ...(typeof url === 'string' ? { url } : {}),
    metadata: { ...others, ...known },
  };
}

function gapDrop(path: string, { damage, offset }: Gap): Drop {
  return {
    drop: 'damaged_gzip',
    value: offset,
    message: `the gzip member at byte ${offset} of ${path} is damaged: ${damage}`,
  };
}

function damageOf(path: string, drop: Drop): Damage {
  return { path, reason: drop.drop as Damage['reason'], message: drop.message ?? '' };
}

function isGap(chunk: Uint8Array | Gap): chunk is Gap {
  return 'damage' in chunk;
}
