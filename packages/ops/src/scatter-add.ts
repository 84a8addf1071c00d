/** Legend: N rows, V segments, D width of a row. */
import * as tf from '@tensorflow/tfjs-core';

interface CpuBackend {
  data: { get(dataId: object): { values: Float32Array | Int32Array } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array | Int32Array): tf.TensorInfo;
}

/** out[segmentIds[n]] += x[n]: time proportional to the rows, where tfjs's own 'cpu' kernel takes rows × segments. */
function unsortedSegmentSum({ inputs, attrs, backend }: Parameters<tf.KernelFunc>[0]): tf.TensorInfo {
  const cpu = backend as unknown as CpuBackend;
  const x = cpu.data.get(inputs.x!.dataId).values;
  const segmentIds = cpu.data.get(inputs.segmentIds!.dataId).values;
  const segments = (attrs as unknown as { numSegments: number }).numSegments;
  const width = segmentIds.length === 0 ? 0 : x.length / segmentIds.length;
  const shape = [segments, ...inputs.x!.shape.slice(inputs.segmentIds!.shape.length)];
  const size = shape.reduce((product, length) => product * length, 1);
  const out = inputs.x!.dtype === 'int32' ? new Int32Array(size) : new Float32Array(size);
  for (let row = 0; row < segmentIds.length; row++) {
    const segment = segmentIds[row];
    if (segment < 0 || segment >= segments) continue;
    for (let column = 0; column < width; column++) out[segment * width + column] += x[row * width + column];
  }
  return cpu.makeTensorInfo(shape, inputs.x!.dtype, out);
}

/** Puts the linear-time kernel in place of the backend's own. The backend must be one whose tensors are arrays, as 'cpu'. */
export function registerScatterAdd(backendName: string): void {
  if (tf.getKernel('UnsortedSegmentSum', backendName) != null) tf.unregisterKernel('UnsortedSegmentSum', backendName);
  tf.registerKernel({ kernelName: 'UnsortedSegmentSum', backendName, kernelFunc: unsortedSegmentSum });
}

/** tfjs's 'cpu' kernel is replaced the first time one is needed, whoever registered that backend. */
function replaceSlowKernel(): void {
  if (tf.getBackend() !== 'cpu') return;
  const current = tf.getKernel('UnsortedSegmentSum', 'cpu');
  if (current?.kernelFunc !== unsortedSegmentSum) registerScatterAdd('cpu');
}

/**
 * Sums rows that carry the same id: y[v] = Σ over n with ids[n] = v of x[n]. The gradient of a table look-up.
 *
 * @param x_ND `[N, D]`
 * @param ids_N int32 `[N]`, each in [0, segments)
 * @param segments V
 * @returns `[V, D]`
 */
export function scatterAdd(x_ND: tf.Tensor2D, ids_N: tf.Tensor1D, segments: number): tf.Tensor2D {
  replaceSlowKernel();
  return tf.unsortedSegmentSum(x_ND, ids_N, segments);
}
