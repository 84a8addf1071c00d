import { assertTensor, rowGrain, rowsOf } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** {x [..., D], gain [D]}, {epsilon} → [y, inverseRms [rows]] */
const rmsNorm: EngineKernel = {
  name: 'SmolRmsNorm',
  run(backend, { x, gain }, { epsilon }) {
    const { rows, length } = rowsOf(x);
    assertTensor('rmsNorm: x', x, x.shape);
    assertTensor('rmsNorm: gain', gain, [length]);
    const y = backend.output(x.shape);
    const inverse = backend.output([rows]);
    const args = [...backend.addresses(x, gain), y.address, inverse.address, length, epsilon as number];
    backend.pool.run('rmsNorm', rows, rowGrain(length), ...args);
    return [y.tensor, inverse.tensor];
  },
};

/** {dy, x, gain, inverseRms} → [dx, dgain] */
const rmsNormGradient: EngineKernel = {
  name: 'SmolRmsNormGrad',
  run(backend, { dy, x, gain, inverseRms }) {
    const { rows, length } = rowsOf(x);
    assertTensor('rmsNorm gradient: dy', dy, x.shape);
    assertTensor('rmsNorm gradient: inverseRms', inverseRms, [rows]);
    const dx = backend.output(x.shape);
    const dgain = backend.output(gain.shape);
    const perRow = [...backend.addresses(dy, x, gain, inverseRms), dx.address, length];
    backend.pool.run('rmsNormGradient', rows, rowGrain(length), ...perRow);
    const perColumn = [...backend.addresses(dy, x, inverseRms), dgain.address, rows, length];
    backend.pool.run('rmsNormGainGradient', Math.ceil(length / 4), rowGrain(rows * 4), ...perColumn);
    return [dx.tensor, dgain.tensor];
  },
};

export const rmsNormKernels: EngineKernel[] = [rmsNorm, rmsNormGradient];
