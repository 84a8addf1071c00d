import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ShardWriter } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { RandomStream } from '@smol/random';
import { trainBpe } from '@smol/tokenizer';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { writeCompletion } from './completion.ts';
import { temporaryFolder, writeTinyRecipe } from './fixtures/tiny-run.ts';
import { loadRecipe } from './load-recipe.ts';
import type { Progress } from './progress.ts';
import type { StepContext } from './step.ts';
import { END_OF_TEXT, PADDING, shardPath } from './tokenize.ts';
import { initialModel, makeTrainer, openLoader } from './train.ts';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const specialTokens = [END_OF_TEXT, PADDING];
const tokenizer = await trainBpe(['some text'], { vocabularySize: 260, pattern: 'llama3', specialTokens });

/** A shard of random tokens, as the tokenize step would leave it. */
async function writeShard(runFolder: string, source: string): Promise<void> {
  const writer = new ShardWriter(shardPath(runFolder, source), { tokenSize: 2, tokenizer: 'tokenizer' });
  const random = new RandomStream(1, source);
  for (let document = 0; document < 20; document++) {
    writer.append(Uint32Array.from({ length: 100 }, (_, index) => random.integer(100 * document + index, 200)));
  }
  await writer.close();
}

it(
  'holds as many tensors and bytes after 50 steps as after the first ones, checkpoints and stages included',
  { tags: ['slow'], timeout: 60_000 },
  async () => {
    const { recipe, ...place } = loadRecipe(writeTinyRecipe(folder));
    const runFolder = join(folder, 'run');
    mkdirSync(join(runFolder, 'tokens'), { recursive: true });
    await writeShard(runFolder, 'novel');
    const counts = { documents: 20, tokens: 2000, bytes: 4000 };
    const summary = { vocabularySize: tokenizer.vocabularySize, sources: { novel: counts } };
    writeCompletion(runFolder, 'tokenize', { key: '', seconds: 0, summary, files: {} });
    const held: { step: number; tensors: number; bytes: number }[] = [];
    const progress: Progress = {
      log: () => {},
      update: () => {
        const { numTensors: tensors, numBytes: bytes } = tf.memory();
        held.push({ step: held.length + 1, tensors, bytes });
      },
      finish: () => {},
      done: () => {},
    };
    const stages = [20, 30].map((steps, index) => ({ name: String(index), steps, mixture: { novel: 1 } }));
    const context: StepContext = {
      ...place,
      recipe: { ...recipe, train: { ...recipe.train, stages } },
      runFolder,
      threads: 1,
      progress,
      signal: new AbortController().signal,
    };
    await useEngine('auto', { threads: 1 });
    const model = initialModel(context, tokenizer);
    await makeTrainer(context, model, openLoader(context, tokenizer.vocabularySize)).run();
    expect(held).toHaveLength(50);
    const [, , third] = held;
    for (const { tensors, bytes } of held.slice(3)) expect([tensors, bytes]).toEqual([third.tensors, third.bytes]);
  },
);
