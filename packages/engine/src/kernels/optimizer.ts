import type * as tf from '@tensorflow/tfjs-core';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { assertTensor, ELEMENTWISE_GRAIN, elementwiseUnits, sizeOf } from './kernel.ts';
import type { Attributes, EngineKernel, Inputs } from './kernel.ts';
import { SUM_BLOCK } from './reduce.ts';

/** What the compiled loop gets beside addresses. */
function adamwFactors(attributes: Attributes): number[] {
  const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2 } = attributes as Record<
    string,
    number
  >;
  const decay = 1 - learningRate * weightDecay;
  return [learningRate, beta1, beta2, 1 - beta1, 1 - beta2, epsilon, decay, correction1, correction2];
}

function assertAlike(parameter: tf.TensorInfo, others: Inputs): void {
  for (const [name, tensor] of Object.entries(others)) assertTensor(`adamw: ${name}`, tensor, parameter.shape);
}

/** {parameter, m, v, gradient}, {learningRate, …} → [parameter', m', v'] */
const adamwStep: EngineKernel = {
  name: 'SmolAdamwStep',
  run(backend, { parameter, m, v, gradient }, attributes) {
    assertAlike(parameter, { parameter, m, v, gradient });
    const outputs = [parameter, m, v].map((tensor) => backend.output(tensor.shape));
    const addresses = [...backend.addresses(parameter, m, v, gradient), ...outputs.map(({ address }) => address)];
    const factors = adamwFactors(attributes);
    backend.pool.run('adamw', elementwiseUnits(parameter), ELEMENTWISE_GRAIN, ...addresses, ...factors);
    return outputs.map(({ tensor }) => tensor);
  },
};

/** Items {parameter, m, v, gradient}, the same attributes: the step is written over parameter, m and v. */
const adamwUpdate: EngineKernel = {
  name: 'SmolAdamwUpdate',
  run(backend, inputs, attributes) {
    const factors = adamwFactors(attributes);
    const items = Array.from({ length: Object.keys(inputs).length / 4 }, (_, index) => {
      const [parameter, m, v, gradient] = ['parameter', 'm', 'v', 'gradient'].map((name) => inputs[`${name}${index}`]);
      assertAlike(parameter, { parameter, m, v, gradient });
      return { units: elementwiseUnits(parameter), addresses: backend.addresses(parameter, m, v, gradient) };
    });
    for (const { units, addresses } of items) {
      const own = addresses.slice(0, 3);
      backend.pool.run('adamw', units, ELEMENTWISE_GRAIN, ...addresses, ...own, ...factors);
    }
    return [];
  },
};

/** Blocks that partial sums of squares are made of, and writes these from `partial` on. */
function squareBlocks(backend: HeapBackend, x: tf.TensorInfo, partial: number): number {
  const blocks = Math.ceil(sizeOf(x) / SUM_BLOCK);
  if (blocks > 0) backend.pool.run('squareBlocks', blocks, 4, backend.address(x), partial, sizeOf(x));
  return blocks;
}

/** Items {x} → √Σx², accumulated in f64 in one fixed order. */
const globalNorm: EngineKernel = {
  name: 'SmolGlobalNorm',
  run(backend, inputs) {
    const tensors = Object.values(inputs);
    for (const [name, x] of Object.entries(inputs)) assertTensor(`global norm: ${name}`, x, x.shape);
    const { tensor, address } = backend.output([]);
    const most = tensors.reduce((sum, x) => sum + Math.ceil(sizeOf(x) / SUM_BLOCK), 0);
    backend.withBlock(most * 8, (partial) => {
      let blocks = 0;
      for (const x of tensors) blocks += squareBlocks(backend, x, partial + blocks * 8);
      backend.pool.run('sumPartials', 1, 1, partial, address, blocks);
    });
    const values = backend.values(tensor);
    values[0] = Math.sqrt(values[0]);
    return tensor;
  },
};

export const optimizerKernels: EngineKernel[] = [adamwStep, adamwUpdate, globalNorm];
