import type { CommandArguments } from './command-arguments.ts';
import { keyOf } from './document-key.ts';
import { filterBetweenPipes, filterIntoFolder, finishFilter, inputProgress } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import { PackedBloomFilter, keyHash } from './packed-bloom-filter.ts';
import type { KeyHash } from './packed-bloom-filter.ts';
import type { RecordDocument } from './record-sorter.ts';

/** Removes documents whose key a Bloom filter knows. */
export async function bloom(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { capacity, falsePositiveRate, key, field } = given;
  const filter = new PackedBloomFilter({ capacity, falsePositiveRate });
  let count = 0;
  const isNew = (hash: KeyHash) => {
    const added = filter.addHash(hash);
    if (added) count++;
    return added;
  };
  const settings = { key, field, capacity, falsePositiveRate };
  const keys = { key, field };
  const decideOne = (document: RecordDocument) => {
    const text = keyOf(keys, document);
    return text === null || isNew(keyHash(text)) ? null : { reason: 'bloom_duplicate', explanation: {} };
  };
  const decide = function* (notes: Iterable<Uint32Array>) {
    for (const [record, low, high] of notes) if (!isNew({ low, high })) yield [record];
  };
  const reports =
    given.output === '-'
      ? await filterBetweenPipes(given, talk, decideOne, inputProgress(given, talk))
      : (await filterIntoFolder(given, talk, { command: 'bloom', keys, decider: { decide }, run: settings })).reports;
  const rates = { askedRate: falsePositiveRate, reachedRate: filter.falsePositiveRate() };
  return finishFilter(given, talk, reports, {
    settings,
    filter: { capacity, keys: count, bytes: filter.bytes, ...rates },
  });
}
