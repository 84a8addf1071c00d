import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../engine-error.ts';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { assertTensor, rowGrain, rowsOf } from './kernel.ts';
import type { EngineKernel } from './kernel.ts';

/** Logits in one chunk. */
const CHUNK = 4096;

/** Kernels index memory with the targets, so these are never taken on trust. */
function checkTargets(backend: HeapBackend, targets: tf.TensorInfo, vocabulary: number, ignoreIndex: number): void {
  for (const target of backend.values(targets)) {
    if (target === ignoreIndex || (target >= 0 && target < vocabulary)) continue;
    throw new EngineError(
      'BAD_INPUT',
      `cross entropy: target ${target} is neither in [0, ${vocabulary - 1}] nor the ignored ${ignoreIndex}`,
    );
  }
}

/** {logits [N, V], targets [N]}, {ignoreIndex, zLoss} → [loss [N], logSumExp [N]] */
const crossEntropy: EngineKernel = {
  name: 'SmolCrossEntropy',
  run(backend, { logits, targets }, attributes) {
    const { ignoreIndex, zLoss } = attributes as Record<string, number>;
    const { rows, length } = rowsOf(logits);
    assertTensor('cross entropy: logits', logits, [rows, length]);
    assertTensor('cross entropy: targets', targets, [rows], 'int32');
    checkTargets(backend, targets, length, ignoreIndex);
    const loss = backend.output([rows]);
    const logSumExp = backend.output([rows]);
    const args = [...backend.addresses(logits, targets), loss.address, logSumExp.address, length, ignoreIndex, zLoss];
    backend.pool.run('crossEntropy', rows, rowGrain(length, CHUNK), ...args);
    return [loss.tensor, logSumExp.tensor];
  },
};

/** {dloss [N], logits, targets, logSumExp}, same attributes → dlogits */
const crossEntropyGradient: EngineKernel = {
  name: 'SmolCrossEntropyGrad',
  run(backend, { dloss, logits, targets, logSumExp }, attributes) {
    const { ignoreIndex, zLoss } = attributes as Record<string, number>;
    const { rows, length } = rowsOf(logits);
    assertTensor('cross entropy: logits', logits, [rows, length]);
    assertTensor('cross entropy: targets', targets, [rows], 'int32');
    checkTargets(backend, targets, length, ignoreIndex);
    assertTensor('cross entropy gradient: dloss', dloss, [rows]);
    assertTensor('cross entropy gradient: logSumExp', logSumExp, [rows]);
    const { tensor, address } = backend.output(logits.shape);
    const args = [...backend.addresses(dloss, logits, targets, logSumExp), address, length, ignoreIndex, zLoss];
    backend.pool.run('crossEntropyGradient', rows, rowGrain(length, CHUNK), ...args);
    return tensor;
  },
};

export const crossEntropyKernels: EngineKernel[] = [crossEntropy, crossEntropyGradient];
