import { join } from 'node:path';
import { RecordSorter } from './record-sorter.ts';
import type { FilteredInput } from './record-sorter.ts';
import { openJudge } from './judges.ts';
import { NumberFile } from './number-file.ts';
import { VERDICT_COLUMNS } from './part-filter.ts';
import type { FilterContext, Judge } from './part-filter.ts';
import type { RawRecord } from './file-record.ts';
import { readRawGroups } from './read-records.ts';
import { LinePieces, openPartResults } from './result-files.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, TaskResult } from './stage-settings.ts';

/** How much of a kept text is shown. */
const SAMPLE_CHARACTERS = 200;

/** What is told of a part. */
export interface WrittenPart {
  report: FilteredInput;
  /** beginnings of the texts that are shown, by their place among these */
  samples: Record<number, string>;
}

/** Follows what was decided about the records of a part; those that stay as they are, are not looked into. */
class PartWriter {
  readonly #sorter: RecordSorter;
  readonly #judge: Judge;
  readonly #broken: NumberFile;
  readonly #verdicts: NumberFile;
  readonly #shown: ReadonlyMap<number, number>;
  readonly samples: Record<number, string> = {};
  records = 0;

  constructor(context: FilterContext, rank: number, sorter: RecordSorter) {
    const { command, settings, shown } = context;
    this.#sorter = sorter;
    this.#judge = openJudge(context);
    this.#broken = new NumberFile(join(settings.folder, stagePath.broken(rank)), 1);
    this.#verdicts = new NumberFile(join(settings.folder, stagePath.verdicts(rank)), VERDICT_COLUMNS[command]);
    const here = shown.flatMap(([part, record], place) => (part === rank ? [[record, place] as const] : []));
    this.#shown = new Map(here);
  }

  /** A loop of its own: within an asynchronous function it runs slower. */
  takeAll(records: Iterable<RawRecord>): void {
    for (const record of records) this.#take(record);
  }

  #take(record: RawRecord): void {
    const number = this.records++;
    if (this.#broken.rowOf(number) !== null) return;
    const place = this.#shown.get(number);
    if (place !== undefined) this.samples[place] = record.parse().document!.text.slice(0, SAMPLE_CHARACTERS);
    const rows = this.#rowsOf(number);
    if (rows.length === 0) return this.#sorter.follow(null, record);
    const { document, field } = record.parse();
    this.#sorter.follow(this.#judge.judge({ id: document!.id, text: document!.text, field }, rows), record);
  }

  #rowsOf(number: number): Uint32Array[] {
    const rows: Uint32Array[] = [];
    for (let row = this.#verdicts.rowOf(number); row !== null; row = this.#verdicts.rowOf(number)) rows.push(row);
    return rows;
  }

  close(): void {
    this.#judge.close?.();
    this.#broken.close();
    this.#verdicts.close();
  }
}

/** Writes what stays of one part and what goes: into files, or, where others come before it in them, into memory. */
export async function writePart(context: FilterContext, rank: number, advance: Advance): Promise<TaskResult> {
  const { settings, command } = context;
  const { input, range } = settings.parts[rank];
  const { path } = settings.inputs[input];
  const details = command === 'sentences' || command === 'substrings';
  const pieces = range === null ? null : new LinePieces();
  const results = pieces ?? (await openPartResults(settings, rank, { details }));
  const sorter = new RecordSorter(path, results);
  const writer = new PartWriter(context, rank, sorter);
  for await (const group of readRawGroups(path, { ...settings, range, onBytes: advance })) {
    writer.takeAll(group);
  }
  writer.close();
  return {
    files: sorter.close(),
    counts: { records: writer.records },
    details: { report: sorter.counts, samples: writer.samples } satisfies WrittenPart,
    content: pieces?.content,
  };
}
