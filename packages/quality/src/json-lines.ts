import { createReadStream, existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { QualityError } from './quality-error.ts';

/** A line of this many bytes is no document. */
const MAXIMUM_LINE_BYTES = 1 << 28;
const LINE_FEED = 10;

/** A row of a JSON Lines file and where it stands. */
export interface JsonRow {
  readonly row: Record<string, unknown>;
  readonly line: number;
  readonly source: string;
}

/**
 * The objects of a JSON Lines file (`.gz` unpacked, `-` for the given stream), empty lines left out.
 *
 * @throws QualityError `FILE_NOT_FOUND`; `INVALID_INPUT` naming file and line
 */
export async function* readJsonLines(path: string, standardInput: Readable = process.stdin): AsyncGenerator<JsonRow> {
  const source = path === '-' ? 'standard input' : path;
  let line = 0;
  for await (const bytes of splitLines(openInput(path, standardInput), source)) {
    line++;
    const text = bytes.toString('utf8');
    if (text.trim() !== '') yield { row: parseRow(text, line, source), line, source };
  }
}

function openInput(path: string, standardInput: Readable): Readable {
  if (path === '-') return standardInput;
  if (!existsSync(path)) throw new QualityError('FILE_NOT_FOUND', `${path}: no such file; check the path`);
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  return path.endsWith('.gz') ? file.pipe(createGunzip()) : file;
}

async function* splitLines(stream: Readable, source: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restLength = 0;
  for await (const chunk of readChunks(stream, source)) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)]);
      rest = [];
      restLength = 0;
      start = end + 1;
    }
    rest.push(chunk.subarray(start));
    restLength += chunk.length - start;
    if (restLength > MAXIMUM_LINE_BYTES) {
      throw new QualityError(
        'INVALID_INPUT',
        `${source}: a line is longer than ${MAXIMUM_LINE_BYTES} bytes; expected JSON Lines`,
      );
    }
  }
  if (restLength > 0) yield Buffer.concat(rest);
}

async function* readChunks(stream: Readable, source: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield Buffer.from(chunk as Uint8Array);
  } catch (cause) {
    throw new QualityError('INVALID_INPUT', `${source}: cannot be read (${(cause as Error).message})`, { cause });
  }
}

function parseRow(text: string, line: number, source: string): Record<string, unknown> {
  try {
    const row = JSON.parse(text) as unknown;
    if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as Record<string, unknown>;
  } catch {
    // reported below with its place
  }
  throw new QualityError(
    'INVALID_INPUT',
    `${source}:${line}: expected a JSON object, got ${JSON.stringify(text.slice(0, 60))}`,
  );
}
