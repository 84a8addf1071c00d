import type * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './optimizer.ts';
import type { MatrixSplit } from './split-matrix.ts';

/** Stacks above this many elements (64 MB of f32) gain nothing from batching and cost memory. */
const maximumStackElements = 2 ** 24;

/** A matrix, or one block of a matrix that is cut. */
export interface MatrixBlock {
  readonly name: string;
  readonly parameter: tf.Variable;
  /** which of the parameter's blocks */
  readonly index: number;
  readonly shape: readonly [rows: number, columns: number];
}

/** Blocks of one shape that are orthogonalised together. */
export type ShapeGroup = readonly MatrixBlock[];

/**
 * Puts blocks of equal shape together, in the order of their names in the map, so that one batched product stands
 * for many small ones. A pure function of names and shapes: the same model is always cut in the same way.
 */
export function groupByShape(
  parameters: Parameters,
  splits: ReadonlyMap<string, MatrixSplit> = new Map(),
  maximumElements = maximumStackElements,
): ShapeGroup[] {
  const byShape = new Map<string, MatrixBlock[]>();
  for (const [name, parameter] of parameters) {
    for (const [index, shape] of blockShapes(parameter, splits.get(name)).entries()) {
      const key = shape.join('x');
      byShape.set(key, [...(byShape.get(key) ?? []), { name, parameter, index, shape }]);
    }
  }
  return [...byShape.values()].flatMap((group) => {
    const [rows, columns] = group[0].shape;
    return chunk(group, Math.max(1, Math.floor(maximumElements / (rows * columns))));
  });
}

function blockShapes(parameter: tf.Variable, split: MatrixSplit | undefined): (readonly [number, number])[] {
  const [rows, columns] = parameter.shape as [number, number];
  if (!split) return [[rows, columns]];
  return split.sizes.map((size) => (split.axis === 0 ? [size, columns] : [rows, size]));
}

function chunk<T>(items: readonly T[], length: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / length) }, (_, index) =>
    items.slice(index * length, (index + 1) * length),
  );
}
