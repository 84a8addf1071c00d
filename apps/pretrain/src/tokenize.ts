import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ShardWriter } from '@smol/dataset';
import { trainBpe, type Tokenizer } from '@smol/tokenizer';
import { loadTokenizer, saveTokenizer } from '@smol/tokenizer/node';
import { readCurated } from './curated-files.ts';
import { formatCount } from './format.ts';
import { PretrainError } from './pretrain-error.ts';
import { takeTurn, type Step, type StepContext } from './step.ts';

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

const TURN_EVERY = 32;

export const tokenizerFolder = (runFolder: string): string => join(runFolder, 'tokenizer');
export const shardPath = (runFolder: string, source: string): string => join(runFolder, 'tokens', `${source}.ds`);

/** Learns the tokenizer from the documents that will be trained on, and writes every source as a token shard. */
export const tokenizeStep: Step<TokenizeSummary> = {
  name: 'tokenize',
  outputs: ['tokenizer', 'tokens'],
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
  describe(summary) {
    const { tokens, bytes } = totalTokens(summary);
    return `${formatCount(tokens)} tokens, vocabulary ${formatCount(summary.vocabularySize)}, ${(bytes / Math.max(1, tokens)).toFixed(2)} bytes a token`;
  },
};

/** A tokenizer that is there already: it must have the vocabulary of the recipe and our special tokens. */
async function takeTokenizer({ recipe, folder, runFolder }: StepContext, from: string): Promise<Tokenizer> {
  const given = resolve(folder, from);
  const tokenizer = await loadTokenizer(existsSync(join(given, 'tokenizer')) ? join(given, 'tokenizer') : given);
  const missing = [END_OF_TEXT, PADDING].find((token) => tokenizer.tokenToId(token) === undefined);
  const { vocabularySize } = recipe.tokenizer;
  if (missing !== undefined || tokenizer.vocabularySize !== vocabularySize) {
    const got = missing === undefined ? `${tokenizer.vocabularySize} tokens` : `no token ${missing}`;
    throw new PretrainError(
      'RECIPE_INVALID',
      `tokenizer.from: ${given} has ${got}; the recipe wants ${vocabularySize} tokens, with ${END_OF_TEXT} and ${PADDING}`,
    );
  }
  await saveTokenizer(tokenizer, tokenizerFolder(runFolder));
  return tokenizer;
}

async function trainTokenizer(context: StepContext): Promise<Tokenizer> {
  const { recipe, runFolder, progress } = context;
  if (recipe.tokenizer.from !== undefined) return takeTokenizer(context, recipe.tokenizer.from);
  const { vocabularySize, pattern } = recipe.tokenizer;
  progress.update('tokenize', `learning ${formatCount(vocabularySize)} tokens`);
  const tokenizer = await trainBpe(trainingText(context), {
    vocabularySize,
    pattern,
    specialTokens: [END_OF_TEXT, PADDING],
  });
  await saveTokenizer(tokenizer, tokenizerFolder(runFolder));
  return tokenizer;
}

/** Text of all sources but the held-out one, each up to its share of the limit. */
async function* trainingText({ recipe, runFolder, signal }: StepContext): AsyncGenerator<string> {
  const names = Object.keys(recipe.sources).filter((name) => name !== recipe.heldOut.source);
  const limit = recipe.tokenizer.maximumCharacters / names.length;
  let texts = 0;
  for (const name of names) {
    let characters = 0;
    for await (const { text } of readCurated(runFolder, name)) {
      if (texts++ % TURN_EVERY === 0) await takeTurn(signal);
      yield text;
      characters += text.length;
      if (characters >= limit) break;
    }
  }
}

async function writeShard(
  { runFolder, progress, signal }: StepContext,
  tokenizer: Tokenizer,
  source: string,
): Promise<SourceTokens> {
  const endOfText = tokenizer.tokenToId(END_OF_TEXT) as number;
  const totals: SourceTokens = { documents: 0, tokens: 0, bytes: 0 };
  const writer = new ShardWriter(shardPath(runFolder, source), {
    tokenSize: tokenizer.vocabularySize <= 65_536 ? 2 : 4,
    tokenizer: 'tokenizer',
  });
  try {
    for await (const { text } of readCurated(runFolder, source)) {
      if (totals.documents % TURN_EVERY === 0) {
        progress.update('tokenize', `${source}: ${formatCount(totals.tokens)} tokens`);
        await takeTurn(signal);
      }
      const ids = tokenizer.encode(text, { allowedSpecial: 'none' });
      writer.append([...ids, endOfText]);
      totals.documents += 1;
      totals.tokens += ids.length + 1;
      totals.bytes += Buffer.byteLength(text);
    }
    await writer.close();
  } finally {
    writer.abort();
  }
  return totals;
}

/** All sources together. */
export function totalTokens({ sources }: TokenizeSummary): SourceTokens {
  const total = (field: keyof SourceTokens) => Object.values(sources).reduce((sum, source) => sum + source[field], 0);
  return { documents: total('documents'), tokens: total('tokens'), bytes: total('bytes') };
}
