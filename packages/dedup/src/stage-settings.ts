import { join } from 'node:path';
import type { RecordKeys } from './file-record.ts';
import type { InputPart } from './input-parts.ts';
import type { MinHashOptions } from './min-hash-options.ts';
import type { FileSeal } from './stage-file.ts';

/** The stages, in order; the last one only puts together what was cut into parts. */
export const STAGES = ['signatures', 'matching', 'clustering', 'filtering', 'joining'] as const;

/** A stage of an out-of-core run. */
export type Stage = (typeof STAGES)[number];

/** Which member of a cluster is kept: the first, or the one that datatrove's union by size ends with. */
export type Representative = 'first' | 'datatrove';

/** A file to read and what its results are called. */
export interface StageInput {
  path: string;
  /** file name in the folders of results */
  output: string;
  /** what the file is called in the names of records that have none; default: its path */
  name?: string;
}

/** What to read and where to write; plain data, the same for every worker. */
export interface RunSettings extends RecordKeys {
  folder: string;
  inputs: readonly StageInput[];
  /** what the inputs are read in; a part's place is datatrove's rank */
  parts: readonly InputPart[];
  longestLine: number;
}

/** All that the tasks of an out-of-core MinHash run need to know. */
export interface StageSettings extends RunSettings {
  minHash: MinHashOptions;
  representative: Representative;
  /** folders of signatures of earlier runs: what equals one of them is removed */
  indexes: readonly string[];
  /** kept and removed documents get their cluster's number and size */
  clusterIds: boolean;
  /** kept documents get the weight of the largest size that is not above their cluster's; `null`: none */
  rehydration: Readonly<Record<number, number>> | null;
  /** memory that one task may use for its buffers */
  taskBytes: number;
}

/** Stands in matches for a document of an earlier run, as input and as document. */
export const FROM_INDEX = 0xffff_ffff;

/** What a finished task leaves behind; kept beside its files, so that it is not run again. */
export interface TaskResult {
  /** path in the run's folder → what the file must be */
  files: Record<string, FileSeal>;
  counts: Record<string, number>;
  /** whatever else the report tells */
  details?: object;
  /** results that another thread writes, in pieces */
  content?: Record<keyof ResultPaths, Uint8Array<ArrayBuffer>[]>;
}

/** Paths in the folder of a run. */
export interface ResultPaths {
  kept: string;
  removed: string;
}

/** Called by a task with the number of bytes, records or files that it has got through since it last called. */
export type Advance = (amount: number) => void;

const digits = (number: number, length: number) => String(number).padStart(length, '0');

/** Where things lie in the folder of a run; names of the stage files as datatrove has them. */
export const stagePath = {
  signatures: (band: number, rank: number) =>
    join('stages', 'signatures', `bucket_${digits(band, 3)}`, `${digits(rank, 5)}.minhash.sig`),
  run: (band: number, rank: number, run: number) =>
    join('stages', 'runs', digits(rank, 5), `${digits(band, 3)}_${digits(run, 4)}`),
  runs: (rank: number) => join('stages', 'runs', digits(rank, 5)),
  ids: (rank: number) => join('stages', 'ids', `${digits(rank, 5)}.ids`),
  idEnds: (rank: number) => join('stages', 'ids', `${digits(rank, 5)}.ends`),
  /** in the folder of an index */
  index: (band: number) => join(`bucket_${digits(band, 3)}`, 'signatures.minhash.index'),
  matches: (band: number) => join('stages', 'buckets', `${digits(band, 5)}_00.dups`),
  cluster: (rank: number, kind: 'remove' | 'clusters' | 'sizes' | 'twins') =>
    join('stages', 'clusters', `${digits(rank, 6)}.${kind}`),
  /** of a part: what decisions are made by, records that are broken, symbols of texts, and what was decided */
  notes: (rank: number) => join('stages', 'notes', `${digits(rank, 5)}.notes`),
  broken: (rank: number) => join('stages', 'notes', `${digits(rank, 5)}.broken`),
  symbols: (rank: number) => join('stages', 'notes', `${digits(rank, 5)}.symbols`),
  verdicts: (rank: number) => join('stages', 'verdicts', `${digits(rank, 5)}.verdicts`),
  part: (kind: 'kept' | 'removed', rank: number) => join('stages', 'parts', `${digits(rank, 5)}.${kind}`),
} as const;

/** Where the results of a part go: under their names, or beside each other until they are put together. */
export function resultPaths({ inputs, parts }: RunSettings, rank: number): ResultPaths {
  const { input, range } = parts[rank];
  const { output } = inputs[input];
  if (range === null) return { kept: join('kept', output), removed: join('removed', output) };
  return { kept: stagePath.part('kept', rank), removed: stagePath.part('removed', rank) };
}
