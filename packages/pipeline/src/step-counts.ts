import { mergeSummaries } from './merge-summaries.ts';

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
  /** What the step has found out, if it says. */
  summary?: unknown;
}

/** What came of a task's records, or of all tasks' when added up. */
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

/** Adds the counts of one task to a total of the same steps. */
export function addCounts(total: Counts, task: Counts): void {
  total.read += task.read;
  total.kept += task.kept;
  total.keptCharacters += task.keptCharacters;
  addAll(total.unreadable, task.unreadable);
  total.steps.forEach((step, index) => {
    step.in += task.steps[index].in;
    step.out += task.steps[index].out;
    addAll(step.dropped, task.steps[index].dropped);
    addAll(step.counts, task.steps[index].counts);
    const summary = mergeSummaries(step.summary, task.steps[index].summary);
    if (summary !== undefined) step.summary = summary;
  });
}

function addAll(total: Record<string, number>, part: Readonly<Record<string, number>>): void {
  for (const [name, amount] of Object.entries(part)) addTo(total, name, amount);
}
