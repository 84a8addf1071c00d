import { assertTensor, rowGrain } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** {x [B, T, H, K], cos [T, K/2], sin [T, K/2]}, {inverse} → y */
const rope: EngineKernel = {
  name: 'SmolRope',
  run(backend, { x, cos, sin }, { inverse }) {
    const [batch, time, heads, dimension] = x.shape;
    assertTensor('rope: x', x, [batch, time, heads, dimension]);
    assertTensor('rope: cos', cos, [time, dimension / 2]);
    assertTensor('rope: sin', sin, [time, dimension / 2]);
    const { tensor, address } = backend.output(x.shape);
    const args = [...backend.addresses(x, cos, sin), address, time, heads, dimension / 2, inverse === true ? -1 : 1];
    backend.pool.run('rope', batch * time, rowGrain(heads * dimension), ...args);
    return tensor;
  },
};

export const ropeKernels: EngineKernel[] = [rope];
