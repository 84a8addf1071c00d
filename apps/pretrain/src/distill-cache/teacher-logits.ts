import type { TokenShard } from '@smol/dataset';
import type { TeacherLogits } from '@smol/distill/node';
import { loadModel } from '@smol/model/node';
import * as tf from '@tensorflow/tfjs-core';
import { llamaLogits } from './llama-logits.ts';
import { modelFolder } from './tokenizer-fingerprint.ts';

// T tokens of a window, V vocabulary.

/** A teacher, asked for its logits on stretches of shards. */
export interface LogitsSource {
  vocabularySize: number;
  /** Documents do not see each other, as in training. */
  of(shard: TokenShard): TeacherLogits;
}

/** Opens a teacher: a model folder, a run folder, or a GGUF file (by llama.cpp). */
export async function openTeacher(path: string, threads: number): Promise<LogitsSource> {
  if (path.endsWith('.gguf')) return llamaLogits(path, threads);
  const model = await loadModel(modelFolder(path));
  return {
    vocabularySize: model.config.vocab_size,
    of: (shard) => (start, length) => {
      const logits_BTV = tf.tidy(() => {
        const ids_BT = tf.tensor2d(Int32Array.from(shard.read(start, length)), [1, length], 'int32');
        const segmentIds_BT = tf.tensor2d(segmentsOf(shard, start, length), [1, length], 'int32');
        return model.logits(ids_BT, { segmentIds_BT });
      });
      // Not read inside the tidy, which would look through each number for tensors.
      const logits = logits_BTV.dataSync<'float32'>();
      logits_BTV.dispose();
      return logits;
    },
  };
}

/** Which document of the window each token belongs to, from 0. */
function segmentsOf(shard: TokenShard, start: number, length: number): Int32Array {
  const segments = new Int32Array(length);
  shard.documentStartsBetween(start, start + length).forEach((at, index) => segments.fill(index + 1, at - start));
  return segments;
}
