import * as tf from '@tensorflow/tfjs-core';
import { OptimizerError } from './optimizer-error.ts';

/** How a matrix is cut into blocks that are orthogonalised on their own: along rows (0) or columns (1), so many each. */
export interface MatrixSplit {
  axis: 0 | 1;
  sizes: readonly number[];
}

/** Says which matrices are cut, by name and shape; undefined leaves one whole. */
export type SplitRule = (name: string, shape: readonly number[]) => MatrixSplit | undefined;

/**
 * Cuts attention projections into their heads, as Kimi K3's and GLM-5's Muon do: rows of q, k and v, columns of o.
 *
 * @param headDimension rows of a head
 */
export function splitHeads(headDimension: number): SplitRule {
  return (name, shape) => {
    const match = /\b([qkvo])_proj\.weight$/.exec(name);
    if (!match) return undefined;
    const axis = match[1] === 'o' ? 1 : 0;
    return { axis, sizes: Array<number>(shape[axis] / headDimension).fill(headDimension) };
  };
}

/**
 * Cuts fused projections into what they were fused from: orthogonalising the concatenation would be another optimizer.
 *
 * @param parts rows of each part, by the ending of the name, e.g. `{ 'qkv_proj.weight': [512, 128, 128] }`
 */
export function splitFused(parts: Readonly<Record<string, readonly number[]>>): SplitRule {
  return (name) => {
    const ending = Object.keys(parts).find((end) => name.endsWith(end));
    return ending === undefined ? undefined : { axis: 0, sizes: parts[ending] };
  };
}

/** @throws OptimizerError `BAD_OPTION` unless the blocks make up the matrix */
export function checkSplit(name: string, shape: readonly number[], split: MatrixSplit): MatrixSplit {
  const total = split.sizes.reduce((sum, size) => sum + size, 0);
  const isWhole = split.sizes.length > 0 && split.sizes.every((size) => Number.isInteger(size) && size > 0);
  if (isWhole && total === shape[split.axis]) return split;
  throw new OptimizerError(
    'BAD_OPTION',
    `${name}: a split along axis ${split.axis} must make up its ${shape[split.axis]}, got [${split.sizes.slice(0, 8)}]`,
  );
}

/** The blocks of a matrix, in order. */
export function cut(matrix_AB: tf.Tensor2D, split: MatrixSplit | undefined): tf.Tensor2D[] {
  return split ? tf.split(matrix_AB, [...split.sizes], split.axis) : [matrix_AB];
}

/** The matrix again. */
export function join(blocks: readonly tf.Tensor2D[], split: MatrixSplit | undefined): tf.Tensor2D {
  return split ? (tf.concat([...blocks], split.axis) as tf.Tensor2D) : blocks[0];
}
