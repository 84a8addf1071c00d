import * as tf from '@tensorflow/tfjs-core';
import { checkShape } from './mtp-error.ts';

// B batch, T time.

/** The target that counts for nothing. */
const ignoredTarget = -100;

/** Moves each row `offset` places to the left and fills up with `filler`. */
export function shiftLeft(x_BT: tf.Tensor2D, offset: number, filler: number): tf.Tensor2D {
  const rest_BT = tf.slice(x_BT, [0, offset], [-1, x_BT.shape[1] - offset]);
  return tf.pad(
    rest_BT,
    [
      [0, 0],
      [0, offset],
    ],
    filler,
  );
}

/** 1 where position t and all up to t + offset belong to one document, as far as is known. */
function sameDocument(targets_BT: tf.Tensor2D, offset: number, segmentIds_BT?: tf.Tensor2D): tf.Tensor2D {
  if (segmentIds_BT) return tf.equal(segmentIds_BT, shiftLeft(segmentIds_BT, offset, -1));
  const counted = (x_BT: tf.Tensor2D) => tf.notEqual(x_BT, tf.scalar(ignoredTarget, 'int32'));
  const steps = Array.from({ length: offset }, (_, step) =>
    counted(step === 0 ? targets_BT : shiftLeft(targets_BT, step, ignoredTarget)),
  );
  return steps.reduce((all, one) => tf.logicalAnd(all, one)) as tf.Tensor2D;
}

/**
 * Targets of a head that looks `offset` tokens further than the model: x_{t+1+offset} in place of x_{t+1}; −100 where
 * that token lies beyond the row or in another document.
 *
 * @param targets_BT int32 [B, T], the next token of each position, −100 where there is none
 * @param segmentIds_BT int32 [B, T], the document of each position; without it every −100 is taken for the end of one
 * @returns int32 [B, T]
 * @throws MtpError `SHAPE_MISMATCH`
 */
export function shiftTargets(targets_BT: tf.Tensor2D, offset: number, segmentIds_BT?: tf.Tensor2D): tf.Tensor2D {
  checkShape(
    targets_BT.rank === 2 &&
      targets_BT.dtype === 'int32' &&
      (!segmentIds_BT || segmentIds_BT.shape.join() === targets_BT.shape.join()),
    () =>
      `targets and segment ids must be int32 [B, T], got ${targets_BT.dtype} [${targets_BT.shape}] and [${segmentIds_BT?.shape}]`,
  );
  return tf.tidy(() => {
    const ignored = tf.fill(targets_BT.shape, ignoredTarget, 'int32') as tf.Tensor2D;
    if (offset === 0) return tf.clone(targets_BT);
    if (offset >= targets_BT.shape[1]) return ignored;
    return tf.where(
      sameDocument(targets_BT, offset, segmentIds_BT),
      shiftLeft(targets_BT, offset, ignoredTarget),
      ignored,
    );
  });
}
