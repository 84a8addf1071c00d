import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TokenizerError } from './tokenizer-error.ts';

/** A text and where it came from. */
export interface NamedText {
  source: string;
  text: string;
}

function openInput(path: string, stdin: Readable): Readable {
  if (path === '-') return stdin;
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file;
  const gunzip = createGunzip();
  file.on('error', (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}

function parseLine(line: string, where: string): string {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch (cause) {
    throw new TokenizerError('INVALID_ARGUMENT', `${where}: not JSON (${(cause as Error).message})`, { cause });
  }
  const { text: content } = (document ?? {}) as { text?: unknown };
  if (typeof content !== 'string') throw new TokenizerError('INVALID_ARGUMENT', `${where}: has no string field "text"`);
  return content;
}

async function* documents(input: Readable, path: string): AsyncGenerator<NamedText> {
  let lineNumber = 0;
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    lineNumber++;
    const source = `${path}, line ${lineNumber}`;
    if (line.trim() !== '') yield { source, text: parseLine(line, source) };
  }
}

/**
 * The texts in files: a `.jsonl` file (`.jsonl.gz`) holds one document a line, in the field `text`; any other file is one
 * text. `-` is standard input.
 *
 * @throws TokenizerError naming the file and the line
 */
export async function* readTexts(paths: readonly string[], stdin: Readable): AsyncGenerator<NamedText> {
  for (const path of paths) {
    try {
      const input = openInput(path, stdin);
      if (/\.jsonl(\.gz)?$/.test(path)) yield* documents(input, path);
      else yield { source: path, text: await text(input) };
    } catch (cause) {
      if (cause instanceof TokenizerError) throw cause;
      const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
      const message = isAbsent ? `${path}: no such file` : `${path}: ${(cause as Error).message}`;
      throw new TokenizerError(isAbsent ? 'FILE_NOT_FOUND' : 'INVALID_ARGUMENT', message, { cause });
    }
  }
}
