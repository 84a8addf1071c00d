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

/** Rows whose gradient of the gain is summed in one go. */
const BLOCK_ROWS = 64;
/** Most such blocks: their sums are kept until they are added. */
const MOST_BLOCKS = 64;

/** {dy, x, gain, inverseRms} → [dx, dgain] */
const rmsNormGradient: EngineKernel = {
  name: 'SmolRmsNormGrad',
  run(backend, { dy, x, gain, inverseRms }) {
    const { rows, length } = rowsOf(x);
    assertTensor('rmsNorm gradient: dy', dy, x.shape);
    assertTensor('rmsNorm gradient: inverseRms', inverseRms, [rows]);
    const dx = backend.output(x.shape);
    const dgain = backend.output(gain.shape);
    const blockRows = Math.max(BLOCK_ROWS, Math.ceil(rows / MOST_BLOCKS));
    const blocks = Math.ceil(rows / blockRows);
    backend.withBlock(Math.max(1, blocks) * length * 4, (partial) => {
      const args = [...backend.addresses(dy, x, gain, inverseRms), dx.address, partial, rows, length, blockRows];
      backend.pool.run('rmsNormGradient', blocks, 1, ...args);
      backend.pool.run(
        'sumColumns',
        Math.ceil(length / 16),
        rowGrain(blocks * 16),
        partial,
        dgain.address,
        blocks,
        length,
      );
    });
    return [dx.tensor, dgain.tensor];
  },
};

export const rmsNormKernels: EngineKernel[] = [rmsNorm, rmsNormGradient];
