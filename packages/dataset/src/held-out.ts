import { createHash } from 'node:crypto';
import { DatasetError } from './dataset-error.ts';

/**
 * Whether a document belongs to the held-out part. It is decided by a hash of its text alone, so the same text falls on
 * the same side in every run, in whatever order and shard it comes, and copies never straddle the split.
 *
 * @param text the document
 * @param fraction share of documents to hold out, in [0, 1]
 * @param seed other seeds hold out other documents
 * @throws DatasetError INVALID_ARGUMENT
 */
export function isHeldOut(text: string, fraction: number, seed = 0): boolean {
  if (!(fraction >= 0 && fraction <= 1)) {
    throw new DatasetError('INVALID_ARGUMENT', `fraction must be in [0, 1], got ${fraction}`);
  }
  const hash = createHash('sha256').update(`${seed}\n`).update(text).digest();
  return hash.readUIntBE(0, 6) / 2 ** 48 < fraction;
}
