import * as ops from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { it } from 'vitest';
import { useEngine } from '../src/use-engine.ts';
import { trainer, STEP_MODELS } from './step-model.ts';
const median = (run: () => void, n: number) => {
  run();
  const t = Array.from({ length: n }, () => {
    const s = performance.now();
    run();
    return performance.now() - s;
  }).sort((a, b) => a - b);
  return t[n >> 1];
};
const SKELETON = {
  name: 'skeleton',
  layers: 30,
  width: 8,
  heads: 2,
  groups: 1,
  hidden: 8,
  vocabulary: 8,
  batch: 1,
  time: 2,
};
it('measures', { timeout: 60000 }, async () => {
  for (const name of ['native', 'wasm'] as const) {
    await useEngine(name, { threads: 2 });
    for (const model of [SKELETON, STEP_MODELS[0]]) {
      const backend = tf.getBackend();
      const { step, dispose } = trainer(model);
      const now = median(() => void step(), 9);
      const hidden = ['SmolAdamwUpdate', 'SmolGlobalNorm'].map((kernel) => tf.getKernel(kernel, backend));
      for (const kernel of hidden) tf.unregisterKernel(kernel.kernelName, backend);
      const before = median(() => void step(), 9);
      for (const kernel of hidden) tf.registerKernel(kernel);
      const again = median(() => void step(), 9);
      console.log(
        `ROW ${name} step ${model.name}: with ${now.toFixed(2)} without ${before.toFixed(2)} with ${again.toFixed(2)} ms`,
      );
      dispose();
    }
    const [rows, vocabulary, kept] = [512, 8192, 50];
    const logits: tf.Tensor2D = tf.randomNormal([rows, vocabulary]);
    const ids: tf.Tensor2D = tf.tensor2d(
      Int32Array.from({ length: rows * kept }, (_, i) => (i * 7) % vocabulary),
      [rows, kept],
      'int32',
    );
    const logP: tf.Tensor2D = tf.fill([rows, kept], Math.log(0.018));
    const p: tf.Tensor2D = tf.softmax(tf.randomNormal<tf.Rank.R2>([rows, vocabulary]));
    for (const [title, targets] of [
      ['sparse', { ids_NS: ids, logProbabilities_NS: logP }],
      ['soft', { probabilities_NV: p }],
    ] as const) {
      const run = () =>
        tf.tidy(
          () =>
            void tf
              .grad((z) => ops.crossEntropy(z, targets))(logits)
              .dataSync()[0],
        );
      const fused = median(run, 5);
      const names = Object.keys(ops.kernelContracts).filter((n) => /Soft|Sparse/.test(n));
      const kernels = names.map((n) => tf.getKernel(n, tf.getBackend()));
      for (const k of kernels) tf.unregisterKernel(k.kernelName, tf.getBackend());
      const composed = median(run, 3);
      for (const k of kernels) tf.registerKernel(k);
      console.log(`ROW ${name} teacher ${title}: fused ${fused.toFixed(2)} composed ${composed.toFixed(2)} ms`);
    }
    tf.dispose([logits, ids, logP, p]);
  }
});
