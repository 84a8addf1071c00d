import * as tf from '@tensorflow/tfjs-core';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import type { Tokenizer } from '@smol/tokenizer';
import { loadTokenizer } from '@smol/tokenizer/node';
import { scoringBatches, toBitsPerByte } from './bits-per-byte.ts';
import { compressorBitsPerByte } from './compression.ts';
import { readCurated } from './curated-files.ts';
import { formatCount } from './format.ts';
import { stopIfAsked, takeTurn, type Step, type StepContext } from './step.ts';
import { END_OF_TEXT, tokenizerFolder } from './tokenize.ts';
import { initialModel, loadFinalModel } from './train.ts';

export interface EvaluateSummary {
  /** UTF-8 bytes of the held-out text. */
  bytes: number;
  /** Bits per byte of the model as initialised, and as trained. */
  before: number;
  after: number;
  /** Bits per byte that compressors need for the same text. */
  gzip: number;
  brotli: number;
  samples: { prompt: string; text: string }[];
}

const ROWS = 8;

/** Measures the model on held-out text, before and after training, beside what compressors need; and lets it write. */
export const evaluateStep: Step<EvaluateSummary> = {
  name: 'evaluate',
  outputs: [],
  inputs: ({ recipe }) => [recipe.evaluate],
  async run(context) {
    const { recipe, runFolder, threads } = context;
    await useEngine('auto', { threads, log: () => {} });
    const tokenizer = await loadTokenizer(tokenizerFolder(runFolder));
    const texts: string[] = [];
    for await (const { text } of readCurated(runFolder, recipe.heldOut.source)) texts.push(text);
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const untrained = initialModel(context, tokenizer);
    const before = await measure(context, untrained, tokenizer, texts, 'before training');
    untrained.dispose();
    const model = await loadFinalModel(context);
    const after = await measure(context, model, tokenizer, texts, 'after training');
    const samples = await writeSamples(context, model, tokenizer);
    model.dispose();
    const compressed = compressorBitsPerByte(texts.join('\n'));
    return { bytes, before, after, ...compressed, samples };
  },
  describe: ({ before, after, bytes }) =>
    `${before.toFixed(3)} → ${after.toFixed(3)} bits per byte on ${formatCount(bytes)} held-out bytes`,
};

/** Bits per byte over texts: every token scored once, with at least half a row of context. */
async function measure(
  { recipe, progress, signal }: StepContext,
  model: SmolLM,
  tokenizer: Tokenizer,
  texts: string[],
  label: string,
): Promise<number> {
  const { sequenceLength } = recipe.train;
  const prefix = tokenizer.tokenToId(END_OF_TEXT) as number;
  const options = { tokenizer, prefix, sequenceLength, stride: Math.ceil(sequenceLength / 2), batchSize: ROWS };
  let nats = 0;
  let tokens = 0;
  for (const batch of scoringBatches(texts, options)) {
    await takeTurn(signal);
    const mean = tf.tidy(() => {
      const shape: [number, number] = [batch.rows, batch.sequenceLength];
      return model
        .loss({
          inputs_BT: tf.tensor2d(batch.inputs, shape, 'int32'),
          targets_BT: tf.tensor2d(batch.targets, shape, 'int32'),
          segmentIds_BT: tf.tensor2d(batch.segments, shape, 'int32'),
        })
        .dataSync()[0];
    });
    nats += mean * batch.scored;
    tokens += batch.scored;
    progress.update('evaluate', `${label}: ${formatCount(tokens)} tokens`);
  }
  return toBitsPerByte(
    nats,
    texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
  );
}

async function writeSamples(
  { recipe, progress, signal }: StepContext,
  model: SmolLM,
  tokenizer: Tokenizer,
): Promise<EvaluateSummary['samples']> {
  const { prompts, maxNewTokens, temperature, topK, topP } = recipe.evaluate;
  const endOfText = tokenizer.tokenToId(END_OF_TEXT) as number;
  const samples: EvaluateSummary['samples'] = [];
  for (const prompt of prompts) {
    progress.update('evaluate', `continuing “${prompt}”`);
    const ids = await model.generate([endOfText, ...tokenizer.encode(prompt, { allowedSpecial: 'none' })], {
      maxNewTokens,
      temperature,
      topK: topK === 0 ? undefined : topK,
      topP,
      seed: recipe.seed,
      stopIds: [endOfText],
      onToken: () => !signal.aborted,
    });
    stopIfAsked(signal);
    samples.push({ prompt, text: tokenizer.decode(ids) });
  }
  return samples;
}
