import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import type { DecontaminatedPart } from './decontamination-stage.ts';
import type { SharedNgrams } from './decontaminator.ts';
import type { RecordKeys } from './file-record.ts';
import { joinReports, sumTallies } from './record-sorter.ts';
import type { FilteredInput } from './record-sorter.ts';
import { bytesOfPart, cutInputs, partsByInput } from './input-parts.ts';
import { joinedInputs } from './joining-stage.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { claimRun } from './run-folder.ts';
import type { RunSettings, TaskResult } from './stage-settings.ts';
import { takeOver } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';
import { TaskPool } from './task-pool.ts';

/** What to read, what to look for, where to write. */
export interface DecontaminateFilesOptions extends RecordKeys {
  inputs: readonly string[];
  folder: string;
  /** the files that the n-grams are from; a folder is only gone on with for the same ones */
  against: readonly string[];
  ngrams: SharedNgrams;
  /** threads; the results don't depend on it */
  workers: number;
  /** plain files are read in parts of about so many bytes, default 64 MiB and more */
  partBytes?: number;
  /** told of bytes that are done */
  onBytes?: (bytes: number) => void;
  /** told of results that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

/** What was done. */
export interface DecontaminatedFiles {
  reports: FilteredInput[];
  /** documents removed for each evaluation */
  tasks: Record<string, number>;
}

const detailsOf = ({ details }: TaskResult) => details as DecontaminatedPart;

/** Does what earlier runs have not done. */
async function runParts(
  options: DecontaminateFilesOptions,
  settings: RunSettings,
  pool: TaskPool,
): Promise<TaskResult[]> {
  const { folder, ngrams, onBytes = () => {}, onDamage } = options;
  const { inputs, parts } = settings;
  const context = { command: 'decontaminate' as const, settings, ngrams };
  const results: TaskResult[] = [];
  const all = parts.map((_, task): StageTask => ({ stage: 'decontamination', task }));
  const tasks = takeOver(folder, all, results, onDamage);
  for (const rank of results.keys()) if (results[rank]) onBytes(bytesOfPart(inputs, parts[rank]));
  const finished = ({ task }: StageTask, result: TaskResult) => void (results[task] = result);
  await pool.run(tasks, context, finished, onBytes);
  const joining = joinedInputs(settings).map((task): StageTask => ({ stage: 'joining', task }));
  const open = takeOver(folder, joining, [], onDamage);
  await pool.run(
    open,
    context,
    () => {},
    () => {},
  );
  return results;
}

/**
 * Removes from files of any size the documents that share an n-gram with an evaluation: writes `kept/NAME` and
 * `removed/NAME` for each input. Parts that an interrupted run has done are not done again. The same results for any number
 * of workers.
 *
 * @throws DedupError of the file that cannot be read or written, `RUN_MISMATCH` where the folder is another run's
 */
export async function decontaminateFiles(options: DecontaminateFilesOptions): Promise<DecontaminatedFiles> {
  const { inputs, folder, against, ngrams, workers, textKey, idKey, partBytes } = options;
  checkInputs(inputs, folder);
  const parts = cutInputs(inputs, partBytes);
  const settings = { folder, inputs: nameOutputs(inputs), parts, textKey, idKey, longestLine: LONGEST_LINE_BYTES };
  const run = { command: 'decontaminate', ngram: ngrams.ngram, against, textKey, idKey, parts };
  claimRun(folder, [...inputs, ...against], run);
  const pool = new TaskPool(workers);
  try {
    const results = await runParts(options, settings, pool);
    const ranks = partsByInput(inputs.length, parts);
    const reports = inputs.map((path, input) =>
      joinReports(
        path,
        ranks[input].map((rank) => ({ report: detailsOf(results[rank]).report, lines: results[rank].counts.lines })),
      ),
    );
    return { reports, tasks: sumTallies(results.map((result) => detailsOf(result).tasks)) };
  } finally {
    await pool.close();
  }
}
