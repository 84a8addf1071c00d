import * as tf from '@tensorflow/tfjs-core';
import type { WasmBackend } from '../wasm/wasm-backend.ts';
import { attentionKernels } from './attention.ts';
import { crossEntropyKernels } from './cross-entropy.ts';
import { elementwiseKernels } from './elementwise.ts';
import type { Attributes, EngineKernel, Inputs } from './kernel.ts';
import { WASM_BACKEND } from './kernel.ts';
import { matrixMultiplyKernels } from './matrix-multiply.ts';
import { optimizerKernels } from './optimizer.ts';
import { rearrangeKernels } from './rearrange.ts';
import { reduceKernels } from './reduce.ts';
import { rmsNormKernels } from './rms-norm.ts';
import { ropeKernels } from './rope.ts';
import { swigluKernels } from './swiglu.ts';

const KERNELS: EngineKernel[] = [
  ...matrixMultiplyKernels,
  ...elementwiseKernels,
  ...reduceKernels,
  ...rearrangeKernels,
  ...rmsNormKernels,
  ...ropeKernels,
  ...swigluKernels,
  ...crossEntropyKernels,
  ...optimizerKernels,
  ...attentionKernels,
];

/** The cpu backend's kernel takes the calls that ours declines: other dtypes, rare shapes. */
function withFallback(kernel: EngineKernel): tf.KernelFunc {
  const inherited = tf.getKernel(kernel.name, 'cpu');
  return ({ inputs, attrs, backend }) => {
    const engine = backend as WasmBackend;
    const own = engine.runKernel(() => kernel.run(engine, inputs as Inputs, (attrs ?? {}) as Attributes));
    if (own !== undefined) return own;
    if (inherited === undefined) throw new TypeError(`${kernel.name}: unsupported inputs`);
    return inherited.kernelFunc({ inputs, attrs, backend });
  };
}

/** Registers our kernels for the wasm backend, and for the rest those of 'cpu'. */
export function registerKernels(): void {
  const own = new Map(KERNELS.map((kernel) => [kernel.name, kernel]));
  for (const kernel of own.values()) {
    tf.registerKernel({ kernelName: kernel.name, backendName: WASM_BACKEND, kernelFunc: withFallback(kernel) });
  }
  for (const kernel of tf.getKernelsForBackend('cpu')) {
    if (!own.has(kernel.kernelName)) tf.registerKernel({ ...kernel, backendName: WASM_BACKEND });
  }
}
