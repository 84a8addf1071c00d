import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, expect, it } from 'vitest';
import { linearDistillationLoss } from './linear-distillation.ts';
import type { ChunkedTeacher } from './mixed-rows.ts';
import { sampledTargets } from './sampled.ts';
import { topKTargets } from './top-k.ts';

afterAll(() => useEngine('cpu'));

const matrix = (rows: number, columns: number, seed: number) =>
  tf.tensor2d(
    Float32Array.from({ length: rows * columns }, (_, at) => Math.sin(seed + 1.7 * at) * 1.5),
    [rows, columns],
  );

type Kind = 'hidden' | 'top-k' | 'sampled';

/** Loss and both gradients on the current engine. */
function learn(kind: Kind, temperature: number, alpha: number): number[] {
  return tf.tidy(() => {
    const [hidden, weight] = [matrix(40, 6, 1), matrix(30, 6, 2)];
    const online = { teacherHidden_NE: matrix(40, 5, 3), teacherHeadWeight_VE: matrix(30, 5, 4) };
    const logits_NV = tf.matMul(online.teacherHidden_NE, online.teacherHeadWeight_VE, false, true) as tf.Tensor2D;
    const uniforms = Array.from({ length: 40 }, (_, row) => (row + 0.5) / 40);
    const teachers: Record<Kind, () => ChunkedTeacher> = {
      hidden: () => online,
      'top-k': () => topKTargets(logits_NV, 4, temperature),
      sampled: () => sampledTargets(logits_NV, 4, uniforms, temperature),
    };
    const targets = tf.tensor1d(
      Array.from({ length: 40 }, (_, row) => (row % 9 === 0 ? -100 : (row * 7) % 30)),
      'int32',
    );
    const teacher = teachers[kind]();
    const run = tf.valueAndGrads((x, w) =>
      linearDistillationLoss(x as tf.Tensor2D, w as tf.Tensor2D, teacher, targets, {
        temperature,
        alpha,
        chunkRows: 16,
      }),
    );
    const { value, grads } = run([hidden, weight]);
    return [value, ...grads].flatMap((x) => Array.from(x.dataSync()));
  }) as unknown as number[];
}

const cases = (['hidden', 'top-k', 'sampled'] as const).flatMap((kind) =>
  [1, 2].flatMap((temperature) => [0.3, 1].map((alpha) => [kind, temperature, alpha] as const)),
);

it.each(cases)('of a %s teacher at T = %f and α = %f: kernels give what the formulas give', async (...given) => {
  await useEngine('cpu');
  expect(tf.getKernel('SmolSoftCrossEntropy', tf.getBackend())).toBeUndefined();
  const composed = learn(...given);
  await useEngine('wasm', { threads: 1 });
  expect(tf.getKernel('SmolSoftCrossEntropy', tf.getBackend())).toBeDefined();
  learn(...given).forEach((value, index) => expect(value).toBeCloseTo(composed[index], 5));
});
