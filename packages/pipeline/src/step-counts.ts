/** What came of the documents that one step saw. */
export interface StepCounts {
  name: string;
  version?: string;
  /** Documents that went in. */
  in: number;
  /** Documents that came out. */
  out: number;
  /** Documents left out, by reason. */
  dropped: Record<string, number>;
  /** Whatever the step counted itself. */
  counts: Record<string, number>;
}

/** What came of a shard's records, or of all shards' when added up. */
export interface Counts {
  /** Records the reader gave, readable or not. */
  read: number;
  /** Documents that came through all steps. */
  kept: number;
  /** Characters (UTF-16 units) of text in them. */
  keptCharacters: number;
  /** Records that could not be read, by reason. */
  unreadable: Record<string, number>;
  steps: StepCounts[];
}

/** Counts before anything has been seen. */
export function zeroCounts(steps: readonly { name: string; version?: string }[]): Counts {
  return {
    read: 0,
    kept: 0,
    keptCharacters: 0,
    unreadable: {},
    steps: steps.map(({ name, version }) => ({ name, version, in: 0, out: 0, dropped: {}, counts: {} })),
  };
}

/** Adds `amount` to a named number. */
export function addTo(counts: Record<string, number>, name: string, amount = 1): void {
  counts[name] = (Object.hasOwn(counts, name) ? counts[name] : 0) + amount;
}

/** Adds the counts of one shard to a total of the same steps. */
export function addCounts(total: Counts, shard: Counts): void {
  total.read += shard.read;
  total.kept += shard.kept;
  total.keptCharacters += shard.keptCharacters;
  addAll(total.unreadable, shard.unreadable);
  total.steps.forEach((step, index) => {
    step.in += shard.steps[index].in;
    step.out += shard.steps[index].out;
    addAll(step.dropped, shard.steps[index].dropped);
    addAll(step.counts, shard.steps[index].counts);
  });
}

function addAll(total: Record<string, number>, part: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(part)) addTo(total, name, amount);
}
