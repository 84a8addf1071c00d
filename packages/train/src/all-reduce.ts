import * as tf from '@tensorflow/tfjs-core';
import type { ProcessGroup, ReduceOperation } from './process-group.ts';

/**
 * Combines tensors over all processes. Takes the tensors over and gives back ones of the same shapes: the same ones where
 * the group leaves them in place, else new ones that went through host memory as one contiguous slab.
 */
export async function allReduceTensors(
  group: ProcessGroup,
  tensors: readonly tf.Tensor[],
  options: { op: ReduceOperation; label: string },
): Promise<tf.Tensor[]> {
  if (group.can.keepTensors) return [...tensors];
  const slab = new Float32Array(tensors.reduce((length, tensor) => length + tensor.size, 0));
  const ends = await fillSlab(slab, tensors);
  group.allReduce({ kind: 'host', dtype: 'f32', data: slab }, options).wait();
  const reduced = tensors.map((tensor, index) =>
    tf.tensor(slab.slice(ends[index] - tensor.size, ends[index]), tensor.shape),
  );
  tf.dispose([...tensors]);
  return reduced;
}

async function fillSlab(slab: Float32Array, tensors: readonly tf.Tensor[]): Promise<number[]> {
  const ends: number[] = [];
  let end = 0;
  for (const tensor of tensors) {
    slab.set((await tensor.data()) as Float32Array, end);
    end += tensor.size;
    ends.push(end);
  }
  return ends;
}
