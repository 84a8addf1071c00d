import type * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './optimizer.ts';

/** Stacks above this many elements (64 MB of f32) gain nothing from batching and cost memory. */
const maximumStackElements = 2 ** 24;

/** Matrices of one shape that are orthogonalised together. */
export type ShapeGroup = readonly (readonly [name: string, parameter: tf.Variable])[];

/**
 * Puts matrices of equal shape together, in the order of their names in the map, so that one batched product stands
 * for many small ones. A pure function of names and shapes: the same model is always cut in the same way.
 */
export function groupByShape(parameters: Parameters, maximumElements = maximumStackElements): ShapeGroup[] {
  const byShape = new Map<string, [string, tf.Variable][]>();
  for (const entry of parameters) {
    const shape = entry[1].shape.join('x');
    byShape.set(shape, [...(byShape.get(shape) ?? []), entry]);
  }
  return [...byShape.values()].flatMap((group) =>
    chunk(group, Math.max(1, Math.floor(maximumElements / group[0][1].size))),
  );
}

function chunk<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, index) =>
    items.slice(index * length, (index + 1) * length),
  );
}
