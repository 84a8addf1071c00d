import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { readTexts } from './cli-input.ts';
import type { PatternName } from './patterns.ts';
import { PATTERN_SOURCES } from './patterns.ts';
import { tiktokenEncoding, TIKTOKEN_NAMES } from './tiktoken.ts';
import type { TiktokenName } from './tiktoken.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { loadTokenizer, saveTokenizer } from './tokenizer-folder.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

/** The options of all commands. */
export interface CliOptions {
  files: string[];
  tokenizer?: string;
  out?: string;
  vocabularySize: number;
  pattern?: string;
  special?: string[];
  minimumFrequency: number;
  allowSpecial: boolean;
  json: boolean;
}

interface Streams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
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

const train: Command = async (options, { stdin, stdout, stderr }) => {
  const folder = options.out as string;
  if (existsSync(join(folder, 'tokenizer.json'))) {
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `${folder} holds a tokenizer already; name another folder, or remove it`,
    );
  }
  async function* texts(): AsyncGenerator<string> {
    for await (const { text } of readTexts(options.files, stdin)) yield text;
  }
  const { vocabularySize, minimumFrequency, special: specialTokens } = options;
  const pattern = parsePattern(options.pattern);
  let textCount = 0;
  const tokenizer = await trainBpe(texts(), {
    vocabularySize,
    minimumFrequency,
    pattern,
    ...(specialTokens && { specialTokens }),
    onProgress: ({ stage, done }) => {
      if (stage === 'counting') textCount = done;
    },
  });
  await saveTokenizer(tokenizer, folder);
  if (tokenizer.vocabularySize < vocabularySize) {
    stderr.write(
      `smol-tokenizer: no pairs are left: ${tokenizer.vocabularySize} tokens instead of ${vocabularySize}\n`,
    );
  }
  const result = { folder, texts: textCount, vocabularySize: tokenizer.vocabularySize };
  stdout.write(
    options.json
      ? `${JSON.stringify(result)}\n`
      : `${folder}: ${result.vocabularySize} tokens from ${textCount} texts\n`,
  );
};

const encode: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  const allowedSpecial = options.allowSpecial ? 'all' : 'none';
  for await (const { source, text } of readTexts(options.files, stdin)) {
    const ids = [...tokenizer.encode(text, { allowedSpecial })];
    stdout.write(options.json ? `${JSON.stringify({ source, ids })}\n` : `${ids.join(' ')}\n`);
  }
};

function parseIds(text: string, source: string): number[] {
  const words = text.split(/[\s,[\]]+/).filter((word) => word !== '');
  const wrong = words.find((word) => !/^\d{1,9}$/.test(word));
  if (wrong !== undefined)
    throw new TokenizerError('INVALID_ARGUMENT', `${source}: "${wrong.slice(0, 30)}" is not a token id`);
  return words.map(Number);
}

const decode: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  for await (const { source, text } of readTexts(options.files, stdin)) {
    const ids = parseIds(text, source);
    stdout.write(
      options.json ? `${JSON.stringify({ source, text: tokenizer.decode(ids) })}\n` : tokenizer.decodeBytes(ids),
    );
  }
};

const count: Command = async (options, { stdin, stdout }) => {
  const tokenizer = await openTokenizer(options.tokenizer);
  const allowedSpecial = options.allowSpecial ? 'all' : 'none';
  let total = 0;
  let texts = 0;
  for await (const { source, text } of readTexts(options.files, stdin)) {
    const tokens = tokenizer.count(text, { allowedSpecial });
    total += tokens;
    texts++;
    stdout.write(options.json ? `${JSON.stringify({ source, tokens })}\n` : `${tokens}\t${source}\n`);
  }
  if (texts > 1 && !options.json) stdout.write(`${total}\ttotal\n`);
};

/** The commands by name. */
export const COMMANDS = { train, encode, decode, count } as const;
