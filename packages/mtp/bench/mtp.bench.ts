/** Four heads, one at a time, against recording them all at once: time and peak memory. */
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import {
  ParallelHeads,
  parallelDrafter,
  residualBlock,
  shiftTargets,
  speculate,
  withParallelHeads,
  type HeadBatch,
} from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const rounds = 3;
const newTokens = 48;
const [batchSize, time, dimension, vocabulary, predictions] = [2, 64, 256, 8192, 4];

/** Everything recorded, then one backward pass: what the heads would be without the memory trick. */
function recordedAtOnce(heads: ParallelHeads, { hidden_BTD, headWeight_VD, targets_BT }: HeadBatch): tf.Scalar {
  const losses = heads.hidden(hidden_BTD).map((own_BTD, index) => {
    const own_ND = tf.reshape(own_BTD, [-1, dimension]) as tf.Tensor2D;
    const targets_N = tf.reshape(shiftTargets(targets_BT, index), [-1]) as tf.Tensor1D;
    return linearCrossEntropy(own_ND, headWeight_VD, targets_N);
  });
  return losses.reduce((sum, loss) => tf.add(sum, loss));
}

function milliseconds(run: () => void): number {
  const times = Array.from({ length: rounds + 1 }, () => {
    const started = performance.now();
    tf.tidy(run);
    return performance.now() - started;
  });
  return times.slice(1).sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

/** Largest growth of tensor memory during a run, in MB. */
async function peakMegabytes(run: () => void): Promise<number> {
  const before = tf.memory().numBytes;
  const { peakBytes } = await tf.profile(() => tf.tidy(run) as unknown as tf.TensorContainer);
  return (peakBytes - before) / 1e6;
}

/** Decoding a short, trained sequence with and without drafts, with kept keys and values. */
async function decoding(): Promise<BenchRow> {
  const config = {
    model_type: 'llama',
    vocab_size: 64,
    hidden_size: 64,
    intermediate_size: 128,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    max_position_embeddings: 128,
    initializer_range: 0.05,
    tie_word_embeddings: true,
  };
  const model = SmolLM.initialize(config, { seed: 1 });
  const heads = new ParallelHeads({ predictions, block: residualBlock({ dimension: 64 }) });
  const both = withParallelHeads(model, heads);
  const row = Array.from({ length: 33 }, (_, index) => (index * 5 + 1) % 64);
  const inputs_BT = tf.tensor2d([row.slice(0, 32)], undefined, 'int32');
  const targets_BT = tf.tensor2d([row.slice(1)], undefined, 'int32');
  const variables = [...both.parameters.values()];
  for (let step = 0; step < 60; step++) {
    tf.tidy(() => {
      const { grads } = tf.variableGrads(() => both.loss({ inputs_BT, targets_BT }), variables);
      for (const variable of variables) variable.assign(tf.sub(variable, tf.mul(grads[variable.name], 0.1)));
    });
  }
  const prompt = row.slice(0, 4);
  const times = { plain: [] as number[], drafting: [] as number[] };
  for (let round = 0; round < 20; round++) {
    const started = performance.now();
    await model.generate(prompt, { maxNewTokens: newTokens, temperature: 0, stopIds: [] });
    const middle = performance.now();
    speculate(model, parallelDrafter(heads), prompt, { maxNewTokens: newTokens });
    times.plain.push(middle - started);
    times.drafting.push(performance.now() - middle);
  }
  const rate = (list: number[]) => (newTokens / list.sort((a, b) => a - b)[list.length / 2]) * 1000;
  const [plain, ours] = [rate(times.plain), rate(times.drafting)];
  return {
    bench: 'mtp',
    case: `speculative-decode, ${newTokens} tokens, wasm`,
    unit: 'tokens/s',
    ours,
    peer: 'one token a pass',
    peerValue: plain,
    ratio: ours / plain,
  };
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  const heads = new ParallelHeads({ predictions, block: residualBlock({ dimension }) });
  const ids = Int32Array.from({ length: batchSize * time }, (_, index) => (index * 7919) % vocabulary);
  const batch: HeadBatch = {
    hidden_BTD: tf.randomNormal([batchSize, time, dimension]),
    headWeight_VD: tf.variable(tf.randomNormal([vocabulary, dimension])),
    targets_BT: tf.tensor2d(ids, [batchSize, time], 'int32'),
  };
  const variables = [batch.headWeight_VD as tf.Variable, ...heads.parameters.values()];
  const run = (loss: () => tf.Scalar) => () => void tf.variableGrads(loss, variables);
  const ours = run(() => heads.loss(batch));
  const theirs = run(() => recordedAtOnce(heads, batch));
  const row = (unit: string, our: number, their: number): BenchRow => ({
    bench: 'mtp',
    case: `loss and gradients of ${predictions} heads, V ${vocabulary}, wasm`,
    unit,
    ours: our,
    peer: 'tfjs tape, all heads at once',
    peerValue: their,
    ratio: their / our,
  });
  const one = new ParallelHeads({ predictions: 1, block: residualBlock({ dimension }) });
  /** In theory n heads cost n times the output head's three products of N·V·D, and n − 1 times the block's of N·D·D. */
  const stepRow = (): BenchRow => {
    const [all, single] = [milliseconds(ours), milliseconds(run(() => one.loss(batch)))];
    const limit = single * (predictions + ((predictions - 1) * dimension) / vocabulary);
    return {
      bench: 'mtp',
      case: `mtp-step, output heads alone, ${predictions} heads`,
      unit: 'ms',
      ours: all,
      peer: 'limit',
      peerValue: limit,
      ratio: limit / all,
    };
  };
  const rows = [
    row('ms', milliseconds(ours), milliseconds(theirs)),
    row('MB peak', await peakMegabytes(ours), await peakMegabytes(theirs)),
    stepRow(),
    await decoding(),
  ];
  engine.close();
  return rows;
}
