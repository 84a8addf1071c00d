import type * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../engine-error.ts';
import type { HeapBackend } from '../heap/heap-backend.ts';
import { assertTensor, rowGrain, rowsOf } from './kernel.ts';
import type { EngineKernel, Inputs } from './kernel.ts';

/** Logits in one chunk. */
const CHUNK = 4096;

/** The sizes and addresses of a call, checked: kernels index memory with the ids, so these are never taken on trust. */
function callOf(backend: HeapBackend, { logits, probabilities, ids, logProbabilities }: Inputs) {
  const { rows, length } = rowsOf(logits);
  assertTensor('teacher cross entropy: logits', logits, [rows, length]);
  if (probabilities) {
    assertTensor('soft cross entropy: probabilities', probabilities, [rows, length]);
    return { rows, length, inputs: backend.addresses(logits, probabilities), sizes: [length] };
  }
  const kept = rowsOf(ids).length;
  assertTensor('sparse cross entropy: ids', ids, [rows, kept], 'int32');
  assertTensor('sparse cross entropy: logProbabilities', logProbabilities, [rows, kept]);
  const wrong = backend.values(ids).find((id) => id < 0 || id >= length);
  if (wrong !== undefined) {
    throw new EngineError('BAD_INPUT', `sparse cross entropy: id ${wrong} is not in [0, ${length - 1}]`);
  }
  return { rows, length, inputs: backend.addresses(logits, ids, logProbabilities), sizes: [length, kept] };
}

/** {logits [N, V], probabilities [N, V] or ids and logProbabilities [N, S]}, {zLoss} → [loss [N], logSumExp [N]] */
function loss(name: string, loop: string): EngineKernel {
  return {
    name,
    run(backend, inputs, { zLoss }) {
      const call = callOf(backend, inputs);
      const losses = backend.output([call.rows]);
      const logSumExp = backend.output([call.rows]);
      const args = [...call.inputs, losses.address, logSumExp.address, ...call.sizes, zLoss as number];
      backend.pool.run(loop, call.rows, rowGrain(call.length, CHUNK), ...args);
      return [losses.tensor, logSumExp.tensor];
    },
  };
}

function assertRows(tensors: Record<string, tf.TensorInfo>, rows: number): void {
  for (const [name, tensor] of Object.entries(tensors)) {
    assertTensor(`teacher cross entropy gradient: ${name}`, tensor, [rows]);
  }
}

/** {dloss [N], the same, logSumExp [N]}, {zLoss} → dlogits */
function gradient(name: string, loop: string): EngineKernel {
  return {
    name,
    run(backend, { dloss, logSumExp, ...inputs }, { zLoss }) {
      const call = callOf(backend, inputs);
      assertRows({ dloss, logSumExp }, call.rows);
      const { tensor, address } = backend.output(inputs.logits.shape);
      const args = [backend.address(dloss), ...call.inputs, backend.address(logSumExp), address, ...call.sizes];
      backend.pool.run(loop, call.rows, rowGrain(call.length, CHUNK), ...args, zLoss as number);
      return tensor;
    },
  };
}

export const teacherLossKernels: EngineKernel[] = [
  loss('SmolSoftCrossEntropy', 'softCrossEntropy'),
  gradient('SmolSoftCrossEntropyGrad', 'softCrossEntropyGradient'),
  loss('SmolSparseCrossEntropy', 'sparseCrossEntropy'),
  gradient('SmolSparseCrossEntropyGrad', 'sparseCrossEntropyGradient'),
];
