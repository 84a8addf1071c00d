import { rankOf } from './cluster-memory.ts';
import type { ClusterSample } from './cluster-summary.ts';
import type { CommandArguments } from './command-arguments.ts';
import { keyOf, priorityOf } from './document-key.ts';
import { FINGERPRINT_WORDS, fingerprintOf } from './exact-deduplicator.ts';
import { ExactGroups } from './exact-groups.ts';
import type { GroupSummary } from './exact-groups.ts';
import { filterBetweenPipes, filterIntoFolder, finishFilter, inputProgress } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import type { Decider, ScannedRun } from './filter-in-parts.ts';
import { IdReader } from './id-reader.ts';
import { readRecordGroups } from './read-records.ts';
import type { RecordDocument } from './record-sorter.ts';

const PRIORITY_WORD = 1 + FINGERPRINT_WORDS;

/** Which document is kept of those with the same key, by what threads have noted of all of them. */
class ExactDecider implements Decider {
  readonly #groups = new ExactGroups();
  /** number of the first document of each part */
  readonly #starts: number[] = [0];
  #summary: GroupSummary = { clusters: 0, clusterSizes: {}, largest: [] };
  #clusters: ClusterSample[] = [];
  #shown: [rank: number, record: number][] = [];

  collect(notes: Iterable<Uint32Array>): void {
    const words = new Uint32Array(2);
    const priority = new Float64Array(words.buffer);
    let count = 0;
    for (const row of notes) {
      words.set(row.subarray(PRIORITY_WORD));
      this.#groups.add(row, 1, priority[0]);
      count++;
    }
    this.#starts.push(this.#starts.at(-1)! + count);
  }

  /** A document as its part and its number among those with a key there. */
  #placeOf(index: number): [rank: number, document: number] {
    const rank = rankOf(this.#starts, index);
    return [rank, index - this.#starts[rank]];
  }

  collected({ settings, linesBefore }: ScannedRun): void {
    this.#summary = this.#groups.summarize();
    const ids = new IdReader(settings, { documents: [], linesBefore, largest: [] });
    this.#clusters = this.#summary.largest.map(({ size, members }) => ({
      size,
      ids: members.map((member) => ids.idOf(...this.#placeOf(member))),
    }));
    ids.close();
  }

  *decide(notes: Iterable<Uint32Array>, rank: number): Generator<number[]> {
    let index = this.#starts[rank];
    for (const [record] of notes) {
      const kept = this.#groups.keptOf(index);
      const place = this.#summary.largest.findIndex((group) => group.kept === index);
      if (place >= 0) this.#shown[place] = [rank, record];
      if (kept !== index++) yield [record, ...this.#placeOf(kept)];
    }
  }

  shown(): [rank: number, record: number][] {
    return this.#shown;
  }

  summarize(samples: Readonly<Record<number, string>>): object {
    const { clusters, clusterSizes } = this.#summary;
    const largestClusters = this.#clusters.map((cluster, place) => ({ ...cluster, text: samples[place] }));
    return { clusters, clusterSizes, largestClusters };
  }
}

/** All that is read is known by now; the same groups, and what they are told of, in memory. */
async function exactBetweenPipes(given: CommandArguments, talk: Talk): ReturnType<typeof filterBetweenPipes> {
  const onBytes = inputProgress(given, talk, 2);
  const groups = new ExactGroups();
  const ids: string[] = [];
  for (const path of given.operands) {
    const name = path === given.standardInput ? '-' : path;
    for await (const group of readRecordGroups(path, { ...given, name, onBytes })) {
      for (const { document, field } of group) {
        if (document === null) continue;
        const text = keyOf(given, { ...document, field });
        if (text === null) continue;
        groups.add(fingerprintOf(text), 0, priorityOf(given, { ...document, field }));
        ids.push(document.id);
      }
    }
  }
  let index = 0;
  const decide = (document: RecordDocument) => {
    if (keyOf(given, document) === null) return null;
    const kept = groups.keptOf(index);
    return kept === index++ ? null : { reason: 'exact_duplicate', explanation: { duplicate_of: ids[kept] } };
  };
  return filterBetweenPipes(given, talk, decide, onBytes);
}

/** Removes documents with the same key but the one of the highest priority, the first of several. */
export async function exact(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { key, field, priority } = given;
  const settings = { key, field, priority };
  if (given.output === '-') return finishFilter(given, talk, await exactBetweenPipes(given, talk), { settings });
  const decider = new ExactDecider();
  const what = { command: 'exact', keys: settings, decider, run: settings } as const;
  const { reports, samples } = await filterIntoFolder(given, talk, what);
  return finishFilter(given, talk, reports, { settings, ...decider.summarize(samples) });
}
