import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { isNewer } from './newer-characters.ts';
import { TokenizerError } from './tokenizer-error.ts';

/** A text and where it came from. */
export interface NamedText {
  source: string;
  text: string;
}

/** A text is cut after so many UTF-16 units, at a place where that changes no piece. */
const CHUNK = 1 << 20;

/** So much further the end of a line is looked for, and then any such place. */
const WINDOW = 1 << 16;

/** Where no such place comes, a text is cut here all the same. */
const LONGEST_CHUNK = 1 << 24;

function openInput(path: string, stdin: Readable | undefined): Readable {
  if (path === '-' && stdin) return stdin;
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  if (!path.endsWith('.gz')) return file;
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
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

const LINE_END = /\p{L}(?=\n)/gu;
const WORD_END = /\p{L}(?=[\s.,;:!?。，、])/gu;

/** The first end of a word from `start` on, before `end`; or -1. */
function boundary(text: string, pattern: RegExp, start: number, end: number): number {
  for (const match of text.slice(start, end).matchAll(pattern)) {
    if (!isNewer(match[0].codePointAt(0) as number)) return start + match.index + match[0].length;
  }
  return -1;
}

/**
 * Where to cut a text that goes on: after a letter that white space or punctuation follows, if possible at the end of a
 * line. Every published pattern ends a piece there, whatever comes next, so that the pieces of the parts are the pieces of
 * the whole. -1 when more of the text has to be seen.
 */
function cutOf(text: string): number {
  const inWindow = (pattern: RegExp): number => boundary(text, pattern, CHUNK, CHUNK + WINDOW);
  const near = inWindow(LINE_END);
  const cut = near === -1 ? inWindow(WORD_END) : near;
  if (cut !== -1 || text.length < LONGEST_CHUNK) return cut;
  const far = boundary(text, WORD_END, CHUNK + WINDOW, LONGEST_CHUNK);
  if (far !== -1) return far;
  const unit = text.charCodeAt(LONGEST_CHUNK - 1);
  return unit >= 0xd800 && unit < 0xdc00 ? LONGEST_CHUNK - 1 : LONGEST_CHUNK;
}

async function* chunks(input: Readable, path: string): AsyncGenerator<NamedText> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let parts: string[] = [];
  let length = 0;
  let needed = CHUNK + WINDOW;
  for await (const bytes of input) {
    parts.push(decoder.decode(bytes as Uint8Array, { stream: true }));
    length += parts[parts.length - 1].length;
    if (length <= needed) continue;
    let pending = parts.join('');
    for (needed = CHUNK + WINDOW; pending.length > needed;) {
      const cut = cutOf(pending);
      if (cut === -1) needed = LONGEST_CHUNK;
      else yield { source: path, text: pending.slice(0, cut) };
      pending = pending.slice(Math.max(cut, 0));
    }
    parts = [pending];
    length = pending.length;
  }
  yield { source: path, text: parts.join('') + decoder.decode() };
}

async function* named(path: string, texts: () => AsyncIterable<NamedText>): AsyncGenerator<NamedText> {
  try {
    yield* texts();
  } catch (cause) {
    if (cause instanceof TokenizerError) throw cause;
    const isAbsent = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = isAbsent ? `${path}: no such file` : `${path}: ${(cause as Error).message}`;
    throw new TokenizerError(isAbsent ? 'FILE_NOT_FOUND' : 'INVALID_ARGUMENT', message, { cause });
  }
}

const isJsonLines = (path: string): boolean => /\.jsonl(\.gz)?$/.test(path);

/**
 * The texts in files: a `.jsonl` file holds one document a line, in the field `text`; any other file is one text. Files
 * that end in `.gz` are uncompressed.
 *
 * @param stdin what `-` stands for
 * @throws TokenizerError `FILE_NOT_FOUND` or `INVALID_ARGUMENT` naming the file and the line
 */
export async function* readTexts(paths: readonly string[], stdin?: Readable): AsyncGenerator<NamedText> {
  for (const path of paths) {
    const input = openInput(path, stdin);
    async function* whole(): AsyncGenerator<NamedText> {
      yield { source: path, text: await text(input) };
    }
    yield* named(path, () => (isJsonLines(path) ? documents(input, path) : whole()));
  }
}

/**
 * The same texts, in parts of about a million characters where they are longer, so that no file has to fit into memory.
 * Where they are cut depends on what is in them only.
 *
 * @throws TokenizerError as `readTexts`
 */
export async function* readChunks(paths: readonly string[], stdin?: Readable): AsyncGenerator<NamedText> {
  for (const path of paths) {
    const input = openInput(path, stdin);
    yield* named(path, () => (isJsonLines(path) ? documents(input, path) : chunks(input, path)));
  }
}
