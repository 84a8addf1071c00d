import * as ops from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeEngines } from './fixtures/engines.ts';

const ids = (...values: number[]) => tf.tensor1d(values, 'int32');
const ATTENTION = { scale: 1, causal: true, slidingWindow: 0, softCap: 0 };
const CROSS_ENTROPY = { ignoreIndex: -100, zLoss: 0 };

/** Calls of ops that no engine may accept, and what the message must hold: who complains, and about which shape or value. */
const WRONG_CALLS: Record<string, [call: () => unknown, ...says: RegExp[]]> = {
  'a matrix product whose sides differ': [
    () => tf.matMul(tf.ones([2, 3]), tf.ones([4, 5])),
    /matMul|Matrix/i,
    /2,3/,
    /4,5/,
  ],
  'a linear layer of another width': [() => ops.linear(tf.ones([2, 3]), tf.ones([4, 5])), /linear/, /2,3/, /4,5/],
  'a sum of shapes that do not broadcast': [() => tf.add(tf.ones([2, 3]), tf.ones([4])), /2,3/, /4/],
  'a gain of another width': [() => ops.rmsNorm(tf.ones([2, 3]), tf.ones([4]), 1e-5), /rmsNorm/, /2,3/, /\[4\]/],
  'ids that are floats': [() => ops.embedding(tf.ones([4, 2]), tf.tensor1d([1])), /embedding/, /float32/],
  'an id beyond the table': [() => ops.embedding(tf.ones([4, 2]), ids(1, 4)), /gather/i, /4/, /\[0, 3\]/],
  'a negative id': [() => ops.embedding(tf.ones([4, 2]), ids(-1)), /gather/i, /-1/, /\[0, 3\]/],
  'heads that cannot be shared': [
    () => ops.attention(tf.ones([1, 2, 3, 4]), tf.ones([1, 2, 2, 4]), tf.ones([1, 2, 2, 4])),
    /attention/,
    /1,2,3,4/,
    /1,2,2,4/,
  ],
  'targets for other rows': [() => ops.crossEntropy(tf.ones([2, 3]), ids(0)), /crossEntropy/, /2,3/, /\[1\]/],
  'gates of another shape': [() => ops.swiglu(tf.ones([2]), tf.ones([3])), /swiglu/, /\[2\]/, /\[3\]/],
  'a rotary table of another length': [
    () => ops.rope(tf.ones([1, 3, 1, 4]), ops.ropeTable({ length: 2, headDimension: 4, theta: 10 })),
    /rope/,
    /1,3,1,4/,
    /2,2/,
  ],
};

/** Fused kernels called past the ops that check: an engine of ours reads memory by these shapes, and may not trust them. */
const WRONG_KERNELS: Record<string, [inputs: () => Record<string, tf.Tensor>, attributes: object, ...says: RegExp[]]> =
  {
    SmolRmsNorm: [() => ({ x: tf.ones([2, 3]), gain: tf.ones([5]) }), { epsilon: 0 }, /rms.?norm/i, /\[5\]/],
    SmolRope: [
      () => ({ x: tf.ones([1, 3, 1, 4]), cos: tf.ones([2, 2]), sin: tf.ones([3, 2]) }),
      { inverse: false },
      /rope/i,
      /2,2/,
    ],
    SmolSwiglu: [() => ({ gate: tf.ones([4]), up: tf.ones([9]) }), {}, /swiglu/i, /\[9\]/],
    SmolAttention: [
      () => ({ q: tf.ones([1, 5, 2, 4]), k: tf.ones([1, 5, 1, 4]), v: tf.ones([1, 6, 1, 4]) }),
      ATTENTION,
      /attention/i,
      /1,6,1,4/,
    ],
    SmolCrossEntropy: [() => ({ logits: tf.ones([2, 3]), targets: ids(0) }), CROSS_ENTROPY, /cross.?entropy/i, /\[1\]/],
    SmolSoftCrossEntropy: [
      () => ({ logits: tf.ones([2, 3]), probabilities: tf.ones([2, 4]) }),
      { zLoss: 0 },
      /soft cross.?entropy/i,
      /\[2,4\]/,
    ],
    SmolSparseCrossEntropy: [
      () => ({
        logits: tf.ones([2, 3]),
        ids: tf.tensor2d([0, 3], [2, 1], 'int32'),
        logProbabilities: tf.zeros([2, 1]),
      }),
      { zLoss: 0 },
      /sparse cross.?entropy/i,
      /id 3 is not in \[0, 2\]/,
    ],
    SmolAdamwStep: [
      () => ({ parameter: tf.ones([4]), m: tf.ones([3]), v: tf.ones([4]), gradient: tf.ones([4]) }),
      { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, correction1: 1, correction2: 1 },
      /adamw/i,
      /\[3\]/,
    ],
    SmolAdamwUpdate: [
      () => ({ parameter0: tf.ones([4]), m0: tf.ones([4]), v0: tf.ones([4]), gradient0: tf.ones([2, 2]) }),
      { learningRate: 1, beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, correction1: 1, correction2: 1 },
      /adamw: gradient/i,
      /\[2,2\]/,
    ],
    SmolGlobalNorm: [() => ({ x0: tf.ones([2]), x1: ids(1, 2) }), {}, /global.?norm/i, /int32/],
  };

describeEngines('wrong input is an error that says whose and which', ({ own }) => {
  it.each(Object.entries(WRONG_CALLS))('%s', (_, [call, ...says]) => {
    const before = tf.memory().numTensors;
    for (const pattern of says) expect(() => tf.tidy(call as () => tf.TensorContainer)).toThrow(pattern);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each(own ? Object.entries(WRONG_KERNELS) : [])('the kernel %s', (name, [inputs, attributes, ...says]) => {
    const call = () => tf.tidy(() => tf.engine().runKernel(name, inputs(), attributes as tf.NamedAttrMap) as tf.Tensor);
    for (const pattern of says) expect(call).toThrow(pattern);
  });

  it('a target outside the vocabulary: an error, or NaN where reading it would stop a GPU, but never a number', () => {
    for (const target of [3, -1, 2 ** 30]) {
      let result = '';
      try {
        result = String(tf.tidy(() => ops.crossEntropy(tf.ones([2, 3]), ids(0, target)).dataSync()[0]));
      } catch (error) {
        result = String(error);
      }
      expect(result).toMatch(/^NaN$|cross.?entropy|oneHot/i);
    }
  });

  it('a tensor that was disposed of', () => {
    const x: tf.Tensor2D = tf.ones([2, 3]);
    x.dispose();
    const calls = [() => tf.matMul(x, x, false, true), () => tf.add(x, 1), () => ops.swiglu(x, x), () => tf.topk(x, 1)];
    for (const call of calls) expect(call as () => unknown).toThrow(own ? /\[2,3\] has been disposed of/ : /./);
    expect(() => x.dataSync()).toThrow('disposed');
  });

  // Plain tfjs would ask the system for it.
  it.each(own ? ['BatchMatMul'] : [])('more memory than there is: %s says so, and the engine goes on', () => {
    const x = tf.ones([1, 2 ** 20]);
    const { numTensors } = tf.memory();
    expect(() => tf.tidy(() => tf.matMul(x as tf.Tensor2D, x as tf.Tensor2D, true))).toThrow(
      /BatchMatMul of a \[1,1048576\], b \[1,1048576\].*/,
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(tf.tidy(() => tf.sum(x).dataSync()[0])).toBe(2 ** 20);
    x.dispose();
  });
});

const random = (shape: number[], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed);

describeEngines('not a number', ({ own }) => {
  const poisoned = (shape: number[]) => {
    const values = random(shape, 7).dataSync().slice();
    values[0] = NaN;
    return tf.tensor(values, shape);
  };
  const isNaNIn = (y: tf.Tensor, at: number) => Number.isNaN(y.dataSync()[at]);

  it('comes out where it went in, and nowhere else', () => {
    tf.tidy(() => {
      const x = poisoned([2, 8]);
      const gain = tf.ones([8]);
      const results = {
        linear: ops.linear(x, random([8, 8], 1)),
        rmsNorm: ops.rmsNorm(x, gain, 1e-5),
        softmax: tf.softmax(x),
        swiglu: ops.swiglu(x, tf.ones([2, 8])),
        crossEntropy: ops.crossEntropy(x, ids(1, 1), { reduction: 'none' }),
        sum: tf.sum(x, 1),
      };
      const names = (at: (y: tf.Tensor) => number) =>
        Object.entries(results).flatMap(([name, y]) => (isNaNIn(y, at(y)) ? [name] : []));
      expect(names(() => 0)).toEqual(Object.keys(results));
      expect(names((y) => y.size - 1)).toEqual([]);
    });
  });

  it(`in a key reaches the queries that see it${own ? ', and no others' : ''}`, () => {
    tf.tidy(() => {
      const [q, v] = [random([1, 6, 1, 4], 1), random([1, 6, 1, 4], 2)] as tf.Tensor4D[];
      const values = random([1, 6, 1, 4], 3).dataSync().slice();
      values[3 * 4] = NaN;
      const { output_BTHK } = ops.attention(q, tf.tensor4d(values as Float32Array, [1, 6, 1, 4]), v);
      const rows = tf.any(tf.isNaN(tf.reshape(output_BTHK, [6, 4])), 1).dataSync();
      // The composition adds −1e30 to hidden scores, which leaves NaN as it is.
      expect([...rows].map(Boolean)).toEqual([!own, !own, !own, true, true, true]);
    });
  });

  it('in a gradient is seen by the norm that clips', () => {
    expect(tf.tidy(() => ops.globalNorm([poisoned([5]), tf.ones([3])]).dataSync()[0])).toBeNaN();
  });
});
