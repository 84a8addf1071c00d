import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../engine-error.ts';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { crossEntropyKernels } from './cross-entropy.ts';
import { elementwiseKernels } from './elementwise.ts';
import type { Attributes, EngineKernel, Inputs } from './kernel.ts';
import { optimizerKernels } from './optimizer.ts';
import { rearrangeKernels } from './rearrange.ts';
import { reduceKernels } from './reduce.ts';
import { rmsNormKernels } from './rms-norm.ts';
import { ropeKernels } from './rope.ts';
import { swigluKernels } from './swiglu.ts';
import { teacherLossKernels } from './teacher-losses.ts';

/** Kernels that both engines with a heap share; matrix products and attention are cut differently in each. */
const SHARED: EngineKernel[] = [
  ...elementwiseKernels,
  ...reduceKernels,
  ...rearrangeKernels,
  ...rmsNormKernels,
  ...ropeKernels,
  ...swigluKernels,
  ...crossEntropyKernels,
  ...teacherLossKernels,
  ...optimizerKernels,
];

/** The inputs of a call by name and shape, for messages. */
function describeInputs(inputs: Inputs): string {
  return Object.entries(inputs)
    .map(([name, { shape }]) => `${name} [${shape}]`)
    .join(', ');
}

function assertAlive(kernelName: string, inputs: Inputs): void {
  for (const [name, tensor] of Object.entries(inputs)) {
    if ((tensor as Partial<tf.Tensor>).isDisposed !== true) continue;
    throw new EngineError('BAD_INPUT', `${kernelName}: ${name} [${tensor.shape}] has been disposed of`);
  }
}

/** A kernel whose errors name it and the shapes it got, also those about memory that ran out or is no longer there. */
function guarded(kernelName: string, kernelFunc: tf.KernelFunc): tf.KernelFunc {
  return (call) => {
    const inputs = call.inputs as Inputs;
    assertAlive(kernelName, inputs);
    try {
      return kernelFunc(call);
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'OUT_OF_MEMORY') throw error;
      const message = `${kernelName} of ${describeInputs(inputs)}: ${error.message}`;
      throw new EngineError('OUT_OF_MEMORY', message, { cause: error });
    }
  };
}

/** The cpu backend's kernel takes the calls that ours declines: other dtypes, rare shapes. */
function withFallback<Backend extends HeapBackend>(kernel: EngineKernel<Backend>): tf.KernelFunc {
  const inherited = tf.getKernel(kernel.name, 'cpu');
  return ({ inputs, attrs, backend }) => {
    const engine = backend as Backend;
    const own = engine.runKernel(() => kernel.run(engine, inputs as Inputs, (attrs ?? {}) as Attributes));
    if (own !== undefined) return own;
    if (inherited === undefined) throw new TypeError(`${kernel.name}: unsupported inputs`);
    return inherited.kernelFunc({ inputs, attrs, backend });
  };
}

/** Registers the shared kernels and those of one engine for its backend, and for the rest those of 'cpu'. */
export function registerKernels<Backend extends HeapBackend>(backendName: string, own: EngineKernel<Backend>[]): void {
  const kernels = new Map([...SHARED, ...own].map((kernel) => [kernel.name, kernel]));
  for (const kernel of kernels.values()) {
    const kernelFunc = guarded(kernel.name, withFallback(kernel));
    tf.registerKernel({ kernelName: kernel.name, backendName, kernelFunc });
  }
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (kernels.has(kernel.kernelName)) continue;
    tf.registerKernel({ ...kernel, backendName, kernelFunc: guarded(kernel.kernelName, kernel.kernelFunc) });
  }
}
