import { RandomStream } from '@smol/random';
import * as tf from '@tensorflow/tfjs-core';
import { checkDescription, type CacheDescription } from './cache-description.ts';
import { DistillError } from './distill-error.ts';
import type { SampledTargets } from './sampled.ts';
import { decodeRecord, encodeRecord, recordBytes, type RecordFormat } from './teacher-record.ts';
import type { TopKTargets } from './top-k.ts';

/**
 * Records of a cache from the teacher's logits of some tokens that follow each other. Every record depends on its
 * position, its logits and the seed alone.
 *
 * @param logits [n, V], what the teacher expects after each token
 * @param start position in the shard of the first of these tokens
 * @throws DistillError `BAD_LOGITS` naming the position, `BAD_OPTION`, `SHAPE_MISMATCH`
 */
export function encodeTeacherRecords(description: CacheDescription, logits: Float32Array, start: number): Uint8Array {
  checkDescription(description);
  const { vocabularySize } = description;
  const rows = logits.length / vocabularySize;
  if (!Number.isInteger(rows)) {
    const message = `a teacher's logits must be rows of ${vocabularySize}, its vocabulary, got ${logits.length} numbers`;
    throw new DistillError('SHAPE_MISMATCH', message);
  }
  const stream = new RandomStream(description.seed, 'distill sampled targets');
  const size = recordBytes(description);
  const bytes = new Uint8Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const position = start + row;
    encodeRecord(description, logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), {
      bytes,
      start: row * size,
      uniform: stream.uniform(position),
      place: `position ${position}`,
    });
  }
  return bytes;
}

/**
 * Targets for a loss from records, row after row.
 *
 * @param records any number of pieces, whole records each
 * @throws DistillError `CORRUPT_CACHE` when an id is outside the vocabulary
 */
export function decodeTeacherRecords(
  format: RecordFormat,
  records: readonly Uint8Array[],
): TopKTargets | SampledTargets {
  const size = recordBytes(format);
  const rows = records.reduce((sum, { length }) => sum + length / size, 0);
  const out = { ids: new Int32Array(rows * format.k), values: new Float32Array(rows * format.k) };
  let row = 0;
  for (const bytes of records) {
    for (let start = 0; start < bytes.length; start += size, row++)
      decodeRecord(format, { bytes, start }, out, row * format.k);
  }
  const wrong = out.ids.find((id) => id >= format.vocabularySize);
  if (wrong !== undefined) {
    const message = `a record names id ${wrong} of a vocabulary of ${format.vocabularySize}; write the cache again`;
    throw new DistillError('CORRUPT_CACHE', message);
  }
  const ids_NK = tf.tensor2d(out.ids, [rows, format.k], 'int32');
  const values_NK = tf.tensor2d(out.values, [rows, format.k]);
  return format.kind === 'sampled' ? { ids_NK, weights_NK: values_NK } : { ids_NK, logProbabilities_NK: values_NK };
}
