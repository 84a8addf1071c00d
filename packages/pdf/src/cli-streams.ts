import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** The streams of a process. */
export interface CliStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

/** Writes, and waits where the reader is slow. */
export async function print(stream: Writable, text: string | Uint8Array): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** What `-` and paths stand for, and what to call them. */
export async function readSource(
  input: string,
  stdin: Readable,
): Promise<{ source: string | Uint8Array; name: string }> {
  if (input !== '-') return { source: input, name: input };
  return { source: await buffer(stdin), name: 'standard input' };
}

/** Rows in columns as wide as their widest cell; the last column is as it is. */
export function formatTable(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const lines = rows.map((row) => row.map((cell, column) => (column < row.length - 1 ? cell.padEnd(widths[column]) : cell)).join('  ')); // prettier-ignore
  return `${lines.join('\n')}\n`;
}
