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
  for (const name of ['wasm', 'native'] as const) {
    await useEngine(name, { threads: 2 });
    for (const model of [SKELETON, STEP_MODELS[0]]) {
      const backend = tf.getBackend();
      const { step, dispose } = trainer(model);
      for (let w = 0; w < (model === SKELETON ? 40 : 2); w++) step();
      const rows: number[][] = [[], []];
      for (let round = 0; round < 5; round++) {
        rows[0].push(median(() => void step(), model === SKELETON ? 15 : 4));
        const hidden = ['SmolAdamwUpdate', 'SmolGlobalNorm'].map((kernel) => tf.getKernel(kernel, backend));
        for (const kernel of hidden) tf.unregisterKernel(kernel.kernelName, backend);
        rows[1].push(median(() => void step(), model === SKELETON ? 15 : 4));
        for (const kernel of hidden) tf.registerKernel(kernel);
      }
      const m = rows.map((r) => r.sort((a, b) => a - b)[2].toFixed(2));
      console.log(`ROW ${name} step ${model.name}: with ${m[0]} without ${m[1]} ms`);
      dispose();
    }
  }
});
