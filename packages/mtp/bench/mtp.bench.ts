/** Four heads, one at a time, against recording them all at once: time and peak memory. */
import { useEngine } from '@smol/engine';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { ParallelHeads, residualBlock, shiftTargets, type HeadBatch } from '../src/index.ts';

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
  const rows = [
    row('ms', milliseconds(ours), milliseconds(theirs)),
    row('MB peak', await peakMegabytes(ours), await peakMegabytes(theirs)),
  ];
  engine.close();
  return rows;
}
