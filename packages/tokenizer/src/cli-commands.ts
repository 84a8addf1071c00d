import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { BatchEncoder } from './encode-batch.ts';
import type { PatternName } from './patterns.ts';
import { PATTERN_SOURCES } from './patterns.ts';
import { readTexts } from './text-files.ts';
import { tiktokenEncoding, TIKTOKEN_NAMES } from './tiktoken.ts';
import type { TiktokenName } from './tiktoken.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { loadTokenizer, saveTokenizer } from './tokenizer-folder.ts';
import type { Tokenizer } from './tokenizer.ts';
import type { TrainingProgress } from './train-bpe.ts';
import { trainFromFiles } from './train-from-files.ts';

/** The options of all commands. */
export interface CliOptions {
  files: string[];
  tokenizer?: string;
  output?: string;
  vocabularySize: number;
  pattern?: string;
  special?: string[];
  minimumFrequency: number;
  maximumTokenLength?: number;
  workers?: number;
  allowSpecial: boolean;
  json: boolean;
}

interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
}

type Command = (options: CliOptions, streams: Streams) => Promise<void>;

function openTokenizer(name = ''): Promise<Tokenizer> | Tokenizer {
  return TIKTOKEN_NAMES.includes(name as TiktokenName) ? tiktokenEncoding(name as TiktokenName) : loadTokenizer(name);
}

function parsePattern(pattern = 'llama3'): PatternName | RegExp {
  if (Object.hasOwn(PATTERN_SOURCES, pattern)) return pattern as PatternName;
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new TokenizerError('INVALID_ARGUMENT', `--pattern: ${(cause as Error).message}`, { cause });
  }
}

/** Shows how far training has come: on a terminal in one line, elsewhere in a line every ten seconds. */
function progressLine(stderr: Streams['stderr']): { update: (progress: TrainingProgress) => void; clear: () => void } {
  const [interval, begin, end] = stderr.isTTY ? [100, '\r\u001b[K', ''] : [10_000, 'smol-tokenizer: ', '\n'];
  let shownAt = performance.now();
  const update = ({ stage, done, total }: TrainingProgress): void => {
    if (performance.now() - shownAt < interval) return;
    shownAt = performance.now();
    stderr.write(`${begin}${stage === 'counting' ? `${done} texts counted` : `${done} of ${total} tokens`}${end}`);
  };
  return { update, clear: () => void (stderr.isTTY && stderr.write(begin)) };
}

const train: Command = async (options, { stdin, stdout, stderr }) => {
  const folder = options.output as string;
  if (existsSync(join(folder, 'tokenizer.json'))) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `${folder} holds a tokenizer already; name another folder, or remove it`,
    );
  }
  const { vocabularySize, minimumFrequency, maximumTokenLength, special: specialTokens, workers } = options;
  const progress = progressLine(stderr);
  const tokenizer = await trainFromFiles(options.files, {
    vocabularySize,
    minimumFrequency,
    stdin,
    pattern: parsePattern(options.pattern),
    onProgress: progress.update,
    ...(maximumTokenLength !== undefined && { maximumTokenLength }),
    ...(workers !== undefined && { workers }),
    ...(specialTokens && { specialTokens }),
  });
  progress.clear();
  await saveTokenizer(tokenizer, folder);
  if (tokenizer.vocabularySize < vocabularySize) {
    stderr.write(
      `smol-tokenizer: no pairs are left: ${tokenizer.vocabularySize} tokens instead of ${vocabularySize}\n`,
    );
  }
  const result = { folder, vocabularySize: tokenizer.vocabularySize };
  stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${folder}: ${result.vocabularySize} tokens\n`);
};

/** Ids of a file as words of text; printed in parts, as a line may have more than a string can hold. */
function* idText(ids: Uint32Array): Generator<string> {
  for (let start = 0; start < ids.length; start += 1 << 16) {
    yield `${start === 0 ? '' : ' '}${ids.subarray(start, start + (1 << 16)).join(' ')}`;
  }
  yield '\n';
}

const encode: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  const encoder = new BatchEncoder(tokenizer, { workers: options.workers ?? 1 });
  try {
    const encoding = { allowedSpecial: options.allowSpecial ? ('all' as const) : ('none' as const) };
    for await (const [texts, encoded] of encoder.stream(readTexts(options.files, stdin), encoding)) {
      for (const [index, ids] of encoded.entries()) {
        const { source } = texts[index];
        if (options.json) stdout.write(`${JSON.stringify({ source, ids: [...ids] })}\n`);
        else for (const part of idText(ids)) stdout.write(part);
      }
    }
  } finally {
    await encoder.close();
  }
};

function parseIds(line: string, where: string): number[] {
  const words = line.split(/[\s,[\]]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
  if (wrong !== undefined)
    throw new TokenizerError('INVALID_ARGUMENT', `${where}: "${wrong.slice(0, 30)}" is not a token id`);
  return words.map(Number);
}

const decode: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  for await (const { source, text } of readTexts(options.files, stdin)) {
    const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
    for (const [index, line] of lines.entries()) {
      const where = lines.length === 1 ? source : `${source}, line ${index + 1}`;
      const ids = parseIds(line, where);
      if (options.json) stdout.write(`${JSON.stringify({ source: where, text: tokenizer.decode(ids) })}\n`);
      else stdout.write(tokenizer.decodeBytes(ids));
    }
  }
};

/** One line a file; a `.jsonl` file counts as the sum of its documents. */
const count: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  const encoder = new BatchEncoder(tokenizer, { workers: options.workers ?? 1 });
  try {
    const encoding = { allowedSpecial: options.allowSpecial ? ('all' as const) : ('none' as const) };
    for (const file of options.files) {
      let tokens = 0;
      for await (const [, encoded] of encoder.stream(readTexts([file], stdin), encoding)) {
        for (const ids of encoded) tokens += ids.length;
      }
      stdout.write(options.json ? `${JSON.stringify({ file, tokens })}\n` : `${file}\t${tokens}\n`);
    }
  } finally {
    await encoder.close();
  }
};

/** The commands by name. */
export const COMMANDS = { train, encode, decode, count } as const;
