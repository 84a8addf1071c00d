import { assertTensor, elementwiseUnits } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** Units of sixteen elements in a chunk; an element costs more here than in plain arithmetic. */
const GRAIN = 128;

/** {gate, up} → silu(gate)·up */
const swiglu: EngineKernel = {
  name: 'SmolSwiglu',
  run(backend, { gate, up }) {
    assertTensor('swiglu: gate', gate, gate.shape);
    assertTensor('swiglu: up', up, gate.shape);
    const { tensor, address } = backend.output(gate.shape);
    backend.pool.run('swiglu', elementwiseUnits(gate), GRAIN, ...backend.addresses(gate, up), address);
    return tensor;
  },
};

/** {dy, gate, up} → [dgate, dup] */
const swigluGradient: EngineKernel = {
  name: 'SmolSwigluGrad',
  run(backend, { dy, gate, up }) {
    assertTensor('swiglu gradient: dy', dy, gate.shape);
    assertTensor('swiglu gradient: up', up, gate.shape);
    const dgate = backend.output(gate.shape);
    const dup = backend.output(gate.shape);
    const args = [...backend.addresses(dy, gate, up), dgate.address, dup.address];
    backend.pool.run('swigluGradient', elementwiseUnits(gate), GRAIN, ...args);
    return [dgate.tensor, dup.tensor];
  },
};

export const swigluKernels: EngineKernel[] = [swiglu, swigluGradient];
