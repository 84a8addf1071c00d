import { once } from 'node:events';
import { createWriteStream, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { QualityError } from './quality-error.ts';

/** Where rows go as JSON Lines. */
export interface LineWriter {
  write(row: unknown): Promise<void>;
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): void;
}

/** Rows to an open stream, which stays open. */
export function streamWriter(stream: Writable): LineWriter {
  return {
    async write(row) {
      if (!stream.write(`${JSON.stringify(row)}\n`)) await once(stream, 'drain');
    },
    close: async () => {},
    abort: () => {},
  };
}

/** Rows to a file (gzipped if called `.gz`) that appears under its name when it is complete. */
export function fileWriter(path: string): LineWriter {
  const temporary = `${path}.${process.pid}.partial`;
  const file = createWriteStream(temporary);
  const gzip = path.endsWith('.gz') ? createGzip() : undefined;
  const stream: Writable = gzip ?? file;
  const written = gzip ? pipeline(gzip, file) : finished(file);
  written.catch(() => {}); // reported by close()
  const rows = streamWriter(stream);
  return {
    write: (row) => Promise.race([rows.write(row), written]).catch((cause: Error) => fail(path, cause)),
    async close() {
      stream.end();
      await written.then(() => publish(temporary, path)).catch((cause: Error) => fail(path, cause));
    },
    abort() {
      stream.destroy();
      rmSync(temporary, { force: true });
    },
  };
}

async function publish(temporary: string, path: string): Promise<void> {
  const handle = await open(temporary, 'r+');
  await handle.sync();
  await handle.close();
  await rename(temporary, path);
}

function fail(path: string, cause: Error): never {
  throw new QualityError('UNWRITABLE_FILE', `${path}: cannot be written (${cause.message})`, { cause });
}
