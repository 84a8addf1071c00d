import * as tf from '@tensorflow/tfjs-core';

/** On tfjs's 'cpu' backend, whose tensors are arrays, pieces are copied into the whole as they come. */
function joinInPlace(shape: readonly number[], pieces: Iterable<tf.Tensor>): tf.Tensor {
  const whole = tf.zeros([...shape]);
  const values = whole.dataSync<'float32'>();
  let at = 0;
  for (const piece of pieces) {
    values.set(piece.dataSync<'float32'>(), at);
    at += piece.size;
    piece.dispose();
  }
  return whole;
}

/**
 * A tensor computed some rows at a time. tfjs cannot write into part of a tensor, so in general the pieces are joined at the
 * end and exist twice at that moment; on 'cpu' they do not.
 *
 * @param shape of the whole; its first axis are the rows
 * @param size rows of a piece
 * @param compute makes the piece of `count` rows from `start` on, each in a tidy of its own
 */
export function joinRows(
  shape: readonly number[],
  size: number,
  compute: (start: number, count: number) => tf.Tensor,
): tf.Tensor {
  const [rows] = shape;
  if (tf.util.sizeFromShape([...shape]) === 0) return tf.zeros([...shape]);
  if (rows <= size) return tf.tidy(() => compute(0, rows));
  function* pieces(): Generator<tf.Tensor> {
    for (let start = 0; start < rows; start += size) {
      const count = Math.min(size, rows - start);
      yield tf.tidy(() => compute(start, count));
    }
  }
  return tf.getBackend() === 'cpu' ? joinInPlace(shape, pieces()) : tf.concat([...pieces()], 0);
}
