/** Legend: N rows, R rows of one chunk, V vocabulary. */
import * as tf from '@tensorflow/tfjs-core';
import { teacherLossAndPull, teacherOf, teacherTensors } from './teacher-targets.ts';
import type { TeacherTargets } from './teacher-targets.ts';

/** Logits of one chunk: what the temporaries of plain tfjs are a few times as large as. */
const CHUNK_ELEMENTS = 2 ** 21;

/** Rows `start` … `start + size − 1` of every tensor. */
export function takeTeacher(targets: TeacherTargets, start: number, size: number): TeacherTargets {
  return teacherOf(teacherTensors(targets).map((x) => tf.slice(x, start, size)));
}

/** Calls back with the logits and targets of every chunk of rows, each call in a tidy of its own. */
function mapChunks<T extends tf.Tensor>(
  logits_NV: tf.Tensor2D,
  targets: TeacherTargets,
  callback: (logits_RV: tf.Tensor2D, targets: TeacherTargets, start: number) => T,
): T[] {
  const [rows, vocabulary] = logits_NV.shape;
  const chunkRows = Math.max(1, Math.floor(CHUNK_ELEMENTS / Math.max(1, vocabulary)));
  return Array.from({ length: Math.ceil(rows / chunkRows) }, (_, chunk) => {
    const start = chunk * chunkRows;
    const size = Math.min(chunkRows, rows - start);
    return tf.tidy(() => callback(tf.slice(logits_NV, start, size), takeTeacher(targets, start, size), start));
  });
}

function concatenate<T extends tf.Tensor>(parts: T[]): T {
  return parts.length === 1 ? parts[0] : tf.concat(parts, 0);
}

/**
 * Loss of every row under a teacher, `[N]`. Chunks of rows bound what exists beside the logits, forward and backward; the
 * backward pass computes a chunk's softmax again instead of keeping it.
 */
export function teacherRowLosses(logits_NV: tf.Tensor2D, targets: TeacherTargets, zLoss: number): tf.Tensor1D {
  const run = tf.customGrad((logits, save) => {
    (save as tf.GradSaveFunc)([logits as tf.Tensor, ...teacherTensors(targets)]);
    const losses = mapChunks(logits as tf.Tensor2D, targets, (z, teacher) => teacherLossAndPull(z, teacher, zLoss)[0]);
    return {
      value: losses.length === 0 ? tf.zeros([0]) : concatenate(losses),
      gradFunc: (dloss_N: tf.Tensor, [saved, ...teacher]: tf.Tensor[]) => {
        if (saved.size === 0) return tf.zerosLike(saved);
        const chunks = mapChunks(saved as tf.Tensor2D, teacherOf(teacher), (z, kept, start) => {
          const weights_R1 = tf.reshape(tf.slice(dloss_N, start, z.shape[0]), [z.shape[0], 1]);
          return tf.mul(teacherLossAndPull(z, kept, zLoss)[1], weights_R1);
        });
        return concatenate(chunks);
      },
    };
  });
  return run(logits_NV) as tf.Tensor1D;
}
