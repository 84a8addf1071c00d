import { join } from 'node:path';
import { ResultAssembler } from './assemble-results.ts';
import { LONGEST_LINE_BYTES } from './byte-lines.ts';
import { DedupError } from './dedup-error.ts';
import type { FilterKeys } from './document-key.ts';
import { readDone, writeDone } from './done-file.ts';
import type { DoneWork } from './done-file.ts';
import type { RecordKeys } from './file-record.ts';
import { bytesOfPart, cutInputs, partsByInput } from './input-parts.ts';
import { NumberWriter, readRows } from './number-file.ts';
import { checkInputs, nameOutputs } from './output-names.ts';
import { NOTE_COLUMNS, VERDICT_COLUMNS } from './part-filter.ts';
import type { FilterCommand, FilterContext } from './part-filter.ts';
import { joinReports } from './record-sorter.ts';
import type { FilteredInput } from './record-sorter.ts';
import { factsOf } from './run-facts.ts';
import { claimRun } from './run-folder.ts';
import type { ScannedPart } from './scanning-stage.ts';
import { stagePath } from './stage-settings.ts';
import type { RunSettings, TaskResult } from './stage-settings.ts';
import { takeOver } from './stage-task.ts';
import type { StageTask } from './stage-task.ts';
import { TaskPool } from './task-pool.ts';
import type { WrittenPart } from './writing-stage.ts';

/** Small enough that what is left of a few parts fits into memory, and that threads end at about the same time. */
const PART_BYTES = 8 * 2 ** 20;

/** What is known when all documents were gone through once. */
export interface ScannedRun {
  settings: RunSettings;
  /** lines of its file before each part */
  linesBefore: readonly number[];
}

/** Decides about documents by what was noted of them, in one thread, one part after the other. */
export interface Decider {
  /** Looks at all parts before it decides about the first; where there is none, decisions are made at once. */
  collect?: (notes: Iterable<Uint32Array>, rank: number) => void;
  /** Told when it has seen all. */
  collected?: (run: ScannedRun) => void;
  /** Gives rows of numbers about the documents that don't stay as they are, in order. */
  decide: (notes: Iterable<Uint32Array>, rank: number) => Iterable<ArrayLike<number>>;
  /** Documents whose texts are to be shown, by part and record; asked at the end. */
  shown?: () => [rank: number, record: number][];
}

/** What to read, how to decide, where to write. */
export interface FilterInPartsOptions extends RecordKeys {
  inputs: readonly string[];
  folder: string;
  command: FilterCommand;
  keys: FilterKeys;
  decider: Decider;
  /** what the results depend on besides the inputs; a folder is only gone on with by a run of the same */
  run: Record<string, unknown>;
  /** threads; the results don't depend on it */
  workers: number;
  /** the input that holds what standard input was: its records without a name are called `-:LINE` */
  standardInput?: string;
  /** plain files are read in parts of about so many bytes, default 8 MiB */
  partBytes?: number;
  /** told of bytes read, of each input twice */
  onBytes?: (bytes: number) => void;
  /** told of files that are not as they were written, before they are made again */
  onDamage?: (message: string) => void;
}

/** What was done. */
export interface FilteredFiles {
  reports: FilteredInput[];
  /** beginnings of the texts that are shown, by their place among these */
  samples: Record<number, string>;
}

/** Results of one input that are complete. */
interface DoneInput extends DoneWork {
  report: FilteredInput;
  samples: Record<number, string>;
}

/** One run of a command over all parts. */
class PartsRun {
  readonly #options: FilterInPartsOptions;
  readonly #settings: RunSettings;
  readonly #pool: TaskPool;
  readonly #scans: TaskResult[] = [];

  constructor(options: FilterInPartsOptions, settings: RunSettings, pool: TaskPool) {
    this.#options = options;
    this.#settings = settings;
    this.#pool = pool;
  }

  #contextOf(linesBefore: readonly number[] = []): FilterContext {
    const { command, keys, decider } = this.#options;
    return { command, keys, settings: this.#settings, linesBefore, shown: decider.shown?.() ?? [] };
  }

  #notesOf(rank: number): Iterable<Uint32Array> {
    return readRows(join(this.#settings.folder, stagePath.notes(rank)), NOTE_COLUMNS[this.#options.command]);
  }

  #decide(rank: number): void {
    const { command, decider } = this.#options;
    const verdicts = new NumberWriter(this.#settings.folder, stagePath.verdicts(rank), VERDICT_COLUMNS[command]);
    for (const row of decider.decide(this.#notesOf(rank), rank)) verdicts.add(row);
    verdicts.close();
  }

  /** Goes through all documents; decisions are made beside that, where they can be. */
  async scan(): Promise<void> {
    const { decider, onBytes = () => {}, onDamage } = this.#options;
    const { folder, inputs, parts } = this.#settings;
    const all = parts.map((_, task): StageTask => ({ stage: 'scanning', task }));
    const open = takeOver(folder, all, this.#scans, onDamage);
    for (const rank of this.#scans.keys()) if (this.#scans[rank]) onBytes(bytesOfPart(inputs, parts[rank]));
    let next = 0;
    const proceed = () => {
      for (; this.#scans[next] !== undefined; next++) {
        if (decider.collect) decider.collect(this.#notesOf(next), next);
        else this.#decide(next);
      }
    };
    proceed();
    const finished = ({ task }: StageTask, result: TaskResult) => {
      this.#scans[task] = result;
      proceed();
    };
    await this.#pool.run(open, this.#contextOf(), finished, onBytes);
  }

  /** Writes what earlier runs have not written. */
  async write(): Promise<FilteredFiles> {
    const { decider, onBytes = () => {}, onDamage, workers } = this.#options;
    const { folder, inputs, parts } = this.#settings;
    const { linesBefore } = factsOf(this.#settings, this.#scans);
    decider.collected?.({ settings: this.#settings, linesBefore });
    if (decider.collect) for (const rank of parts.keys()) this.#decide(rank);
    const done = inputs.map((_, input) => readDone<DoneInput>(folder, 'writing', input, onDamage));
    const ranks = [...parts.keys()].filter((rank) => done[parts[rank].input] === null);
    for (const rank of parts.keys()) if (done[parts[rank].input]) onBytes(bytesOfPart(inputs, parts[rank]));
    const assembler = new ResultAssembler(this.#settings, ranks, workers, (input, files, written) => {
      done[input] = { files, ...this.#reportOn(input, written) };
      writeDone(folder, 'writing', input, done[input]);
    });
    const tasks = ranks.map((task): StageTask => ({ stage: 'writing', task }));
    const finished = ({ task }: StageTask, result: TaskResult) => assembler.take(task, result);
    const admit = ({ task }: StageTask) => assembler.admit(task);
    await this.#pool.run(tasks, this.#contextOf(linesBefore), finished, onBytes, admit);
    const samples = Object.assign({}, ...done.map((input) => input!.samples)) as Record<number, string>;
    return { reports: done.map((input) => input!.report), samples };
  }

  #reportOn(input: number, written: readonly TaskResult[]): Omit<DoneInput, 'files'> {
    const { inputs, parts } = this.#settings;
    const { path } = inputs[input];
    const ranks = partsByInput(inputs.length, parts)[input];
    const told = written.map(({ details }) => details as WrittenPart);
    const reports = ranks.map((rank, place) => {
      const { counts, details } = this.#scans[rank];
      checkUnchanged(path, counts.read, written[place].counts.records);
      const { read, broken, invalidUtf8, lines } = counts;
      const { problems } = details as ScannedPart;
      return { report: { ...told[place].report, read, broken, invalidUtf8, problems }, lines };
    });
    const samples = Object.assign({}, ...told.map((part) => part.samples)) as Record<number, string>;
    return { report: joinReports(path, reports), samples };
  }
}

/** An input that changed while it was read would silently lose or double documents. */
function checkUnchanged(path: string, first: number, second: number): void {
  if (first === second) return;
  const message = `${path}: had ${first} records at first, ${second} when read again; run again into another folder when it no longer changes`;
  throw new DedupError('UNREADABLE_FILE', message);
}

/**
 * Goes through files twice, in parts and in many threads: to note what decisions are made by, and to write `kept/NAME`
 * (records as they are, unless something of them was changed) and `removed/NAME` (with the reason in the metadata). Files
 * appear when they are complete. A run that was interrupted is gone on with. The same bytes for any number of workers.
 *
 * @throws DedupError of the file that cannot be read or written, `RUN_MISMATCH` where the folder is another run's
 */
export async function filterInParts(options: FilterInPartsOptions): Promise<FilteredFiles> {
  const {
    inputs: paths,
    folder,
    command,
    run,
    workers,
    standardInput,
    partBytes = PART_BYTES,
    textKey,
    idKey,
  } = options;
  checkInputs(paths, folder);
  const inputs = nameOutputs(paths).map((input) => (input.path === standardInput ? { ...input, name: '-' } : input));
  const parts = cutInputs(paths, partBytes);
  claimRun(folder, paths, { command, ...run, textKey, idKey, partBytes });
  const pool = new TaskPool(workers);
  try {
    const settings = { folder, inputs, parts, textKey, idKey, longestLine: LONGEST_LINE_BYTES };
    const partsRun = new PartsRun(options, settings, pool);
    await partsRun.scan();
    return await partsRun.write();
  } finally {
    await pool.close();
  }
}
