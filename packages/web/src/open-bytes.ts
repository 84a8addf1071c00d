import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { WebError } from './web-error.ts';

/** Where bytes may come from: a path, a `file:` URL, a web stream, or any async iterable of chunks. */
export type ByteInput = string | URL | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;

/** The name an input goes by in records and messages. */
export function nameOfInput(input: ByteInput): string {
  if (typeof input === 'string') return input;
  return input instanceof URL ? fileURLToPath(input) : 'stream';
}

/**
 * The chunks of an input.
 *
 * @param start first byte that is wanted, for files
 *
 * @throws WebError `FILE_NOT_FOUND` when a path names nothing, `UNREADABLE_FILE` when it cannot be read (a folder, no permission)
 */
export async function* openBytes(input: ByteInput, start = 0): AsyncGenerator<Uint8Array> {
  if (typeof input !== 'string' && !(input instanceof URL)) {
    yield* input as AsyncIterable<Uint8Array>;
    return;
  }
  try {
    yield* createReadStream(input, { highWaterMark: 1 << 20, start }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const name = nameOfInput(input);
    if (code === 'ENOENT') throw new WebError('FILE_NOT_FOUND', `no such file: ${name}; check the path`, { cause });
    throw new WebError('UNREADABLE_FILE', `${name} cannot be read: ${message}`, { cause });
  }
}
