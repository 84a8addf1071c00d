import { assertTensor, ELEMENTWISE_GRAIN, elementwiseUnits } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';
import { sumInBlocks } from './reduce.ts';

/** {parameter, m, v, gradient}, {learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2} → [parameter', m', v'] */
const adamwStep: EngineKernel = {
  name: 'SmolAdamwStep',
  run(backend, { parameter, m, v, gradient }, attributes) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, correction1, correction2 } = attributes as Record<
      string,
      number
    >;
    for (const [name, tensor] of Object.entries({ parameter, m, v, gradient })) {
      assertTensor(`adamw: ${name}`, tensor, parameter.shape);
    }
    const outputs = [parameter, m, v].map((tensor) => backend.output(tensor.shape));
    const addresses = [...backend.addresses(parameter, m, v, gradient), ...outputs.map(({ address }) => address)];
    const decay = 1 - learningRate * weightDecay;
    const factors = [learningRate, beta1, beta2, 1 - beta1, 1 - beta2, epsilon, decay, correction1, correction2];
    backend.pool.run('adamw', elementwiseUnits(parameter), ELEMENTWISE_GRAIN, ...addresses, ...factors);
    return outputs.map(({ tensor }) => tensor);
  },
};

/** {x} → Σ x², accumulated in f64 */
const squaredNorm: EngineKernel = {
  name: 'SmolSquaredNorm',
  run(backend, { x }) {
    assertTensor('squared norm: x', x, x.shape);
    const { tensor, address } = backend.output([]);
    sumInBlocks(backend, 'squareBlocks', x, address);
    return tensor;
  },
};

export const optimizerKernels: EngineKernel[] = [adamwStep, squaredNorm];
