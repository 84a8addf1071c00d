import type { CommandArguments } from './command-arguments.ts';
import { filterBetweenPipes, filterIntoFolder, finishFilter, inputProgress } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import type { Decider } from './filter-in-parts.ts';
import { FingerprintTable } from './fingerprint-table.ts';
import { sentenceVerdict } from './judges.ts';
import { SentenceDeduplicator, joinSpan } from './sentence-deduplicator.ts';

/** Which spans of sentences stand in an earlier place, by what threads have noted of all of them. */
class SentenceDecider implements Decider {
  readonly #seen = new FingerprintTable(2);
  #spans = 0;

  *decide(notes: Iterable<Uint32Array>): Generator<number[]> {
    let document = -1;
    let ranges: [number, number][] = [];
    const rows = () => ranges.map((range) => [document, ...range]);
    for (const row of notes) {
      const isNew = this.#seen.add(row, 1, this.#spans) === this.#spans++;
      if (isNew) continue;
      if (row[0] !== document) {
        yield* rows();
        [document, ranges] = [row[0], []];
      }
      joinSpan(ranges, { start: row[3], end: row[4] });
    }
    yield* rows();
  }
}

/** Cuts out spans of sentences that stand in an earlier place. */
export async function sentences(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const settings = {};
  if (given.output === '-') {
    const deduplicator = new SentenceDeduplicator();
    const decide = (document: { id: string; text: string }) =>
      sentenceVerdict(given.textKey, deduplicator.add(document));
    const reports = await filterBetweenPipes(given, talk, decide, inputProgress(given, talk));
    return finishFilter(given, talk, reports, { settings });
  }
  const what = { command: 'sentences', keys: { key: 'text' }, decider: new SentenceDecider(), run: settings } as const;
  const { reports } = await filterIntoFolder(given, talk, what);
  return finishFilter(given, talk, reports, { settings });
}
