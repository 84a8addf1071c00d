import { Decontaminator } from './decontaminator.ts';
import type { SharedNgrams } from './decontaminator.ts';
import { RecordSorter } from './record-sorter.ts';
import type { FilteredInput, RecordDocument, Verdict } from './record-sorter.ts';
import { readPart } from './read-records.ts';
import { openPartResults } from './result-files.ts';
import type { Advance, RunSettings, TaskResult } from './stage-settings.ts';

/** What all tasks of a decontamination are told. */
export interface DecontaminationContext {
  command: 'decontaminate';
  settings: RunSettings;
  ngrams: SharedNgrams;
}

/** What is told of a part of an input. */
export interface DecontaminatedPart {
  /** numbers of lines are those in the part */
  report: FilteredInput;
  /** documents removed for each evaluation */
  tasks: Record<string, number>;
}

/** Decides about documents, and counts for which evaluations they go. */
export class ContaminationFilter {
  readonly #decontaminator: Decontaminator;
  readonly tasks: Record<string, number> = {};

  constructor(decontaminator: Decontaminator) {
    this.#decontaminator = decontaminator;
  }

  readonly decide = ({ text }: RecordDocument): Verdict => {
    const found = this.#decontaminator.find(text);
    if (found === null) return null;
    this.tasks[found.task] = (this.tasks[found.task] ?? 0) + 1;
    return { reason: 'contaminated', explanation: { contaminated_task: found.task, contaminated_ngram: found.ngram } };
  };
}

/** Sorts the documents of one part into those that give away an evaluation and the others. */
export async function decontaminatePart(
  { settings, ngrams }: DecontaminationContext,
  rank: number,
  advance: Advance,
): Promise<TaskResult> {
  const { path } = settings.inputs[settings.parts[rank].input];
  const { decide, tasks } = new ContaminationFilter(Decontaminator.of(ngrams));
  const sorter = new RecordSorter(path, await openPartResults(settings, rank));
  let lines = 0;
  const options = { onBytes: advance, onLines: (count: number) => (lines = count) };
  for await (const group of readPart(settings, rank, options)) for (const record of group) sorter.take(record, decide);
  const details: DecontaminatedPart = { report: sorter.counts, tasks };
  return { files: sorter.close(), counts: { lines }, details };
}
