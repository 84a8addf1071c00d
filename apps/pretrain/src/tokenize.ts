import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ShardWriter } from '@smol/dataset';
import { trainBpe, type Tokenizer } from '@smol/tokenizer';
import { saveTokenizer } from '@smol/tokenizer/node';
import { readCurated } from './curated-files.ts';
import { formatCount } from './progress.ts';
import { stopIfAsked } from './run-recipe.ts';
import type { Step, StepContext } from './step.ts';

/** The special tokens of a run: what ends a document, and what fills rows that are too short. */
export const END_OF_TEXT = '<|endoftext|>';
export const PADDING = '<|padding|>';

/** Tokens and bytes of one source. */
export interface SourceTokens {
  documents: number;
  tokens: number;
  bytes: number;
}

export interface TokenizeSummary {
  vocabularySize: number;
  sources: Record<string, SourceTokens>;
}

export const tokenizerFolder = (runFolder: string): string => join(runFolder, 'tokenizer');
export const shardPath = (runFolder: string, source: string): string => join(runFolder, 'tokens', `${source}.ds`);

/** Learns the tokenizer from the documents that will be trained on, and writes every source as a token shard. */
export const tokenizeStep: Step<TokenizeSummary> = {
  name: 'tokenize',
  inputs: ({ recipe }) => [recipe.tokenizer],
  async run(context) {
    const { recipe, runFolder } = context;
    const tokenizer = await trainTokenizer(context);
    rmSync(join(runFolder, 'tokens'), { recursive: true, force: true });
    mkdirSync(join(runFolder, 'tokens'), { recursive: true });
    const sources: TokenizeSummary['sources'] = {};
    for (const source of Object.keys(recipe.sources)) sources[source] = await writeShard(context, tokenizer, source);
    return { vocabularySize: tokenizer.vocabularySize, sources };
  },
};

async function trainTokenizer(context: StepContext): Promise<Tokenizer> {
  const { recipe, runFolder, progress } = context;
  const { vocabularySize, pattern } = recipe.tokenizer;
  progress.update(`tokenize: learning ${formatCount(vocabularySize)} tokens`);
  const tokenizer = await trainBpe(trainingText(context), {
    vocabularySize,
    pattern,
    specialTokens: [END_OF_TEXT, PADDING],
  });
  await saveTokenizer(tokenizer, tokenizerFolder(runFolder));
  progress.log(`tokenize learned ${formatCount(tokenizer.vocabularySize)} tokens (${pattern} pattern)`);
  return tokenizer;
}

/** Text of all sources but the held-out one, each up to its share of the limit. */
async function* trainingText({ recipe, runFolder, signal }: StepContext): AsyncGenerator<string> {
  const names = Object.keys(recipe.sources).filter((name) => name !== recipe.heldOut.source);
  const limit = recipe.tokenizer.maximumCharacters / names.length;
  for (const name of names) {
    let characters = 0;
    for await (const { text } of readCurated(runFolder, name)) {
      stopIfAsked(signal);
      yield text;
      characters += text.length;
      if (characters >= limit) break;
    }
  }
}

async function writeShard({ runFolder, progress, signal }: StepContext, tokenizer: Tokenizer, source: string): Promise<SourceTokens> {
  const endOfText = tokenizer.tokenToId(END_OF_TEXT) as number;
  const totals: SourceTokens = { documents: 0, tokens: 0, bytes: 0 };
  const writer = new ShardWriter(shardPath(runFolder, source), {
    tokenSize: tokenizer.vocabularySize <= 65_536 ? 2 : 4,
    tokenizer: 'tokenizer',
  });
  try {
    for await (const { text } of readCurated(runFolder, source)) {
      stopIfAsked(signal);
      const ids = tokenizer.encode(text, { allowedSpecial: 'none' });
      writer.append([...ids, endOfText]);
      totals.documents += 1;
      totals.tokens += ids.length + 1;
      totals.bytes += Buffer.byteLength(text);
      progress.update(`tokenize: ${source}, ${formatCount(totals.tokens)} tokens`);
    }
    await writer.close();
  } finally {
    writer.abort();
  }
  const perToken = totals.tokens > 0 ? (totals.bytes / totals.tokens).toFixed(2) : '–';
  progress.log(`tokenize ${source}: ${formatCount(totals.tokens)} tokens, ${perToken} bytes a token`);
  return totals;
}

/** True when the tokens of a source are there. */
export const hasShard = (runFolder: string, source: string): boolean => existsSync(shardPath(runFolder, source));
