import { expectedRecall } from './match-probability.ts';
import { resolveMinHashOptions } from './min-hash-options.ts';
import type { MinHashOptions, MinHashSettings } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';
import { statusOf } from './output-names.ts';
import type { RecordKeys } from './file-record.ts';
import { describeParquet, isParquet } from './parquet-input.ts';
import { readRecords } from './read-records.ts';
import { layoutOf } from './signature-records.ts';
import { defaultMemory, stageMemory, taskBytesOf } from './stage-memory.ts';
import { STAGES } from './stage-settings.ts';
import type { Stage } from './stage-settings.ts';

/** What an out-of-core run will need and can be expected to find. */
export interface MinHashPlan {
  settings: MinHashOptions;
  inputs: number;
  /** bytes of all inputs as they are, compressed or not */
  inputBytes: number;
  /** documents that were read for the estimates */
  sampled: number;
  /** estimates from the beginning of each input */
  documents: number;
  tooShortShare: number;
  brokenShare: number;
  /** estimated space of the stage files, without kept and removed documents */
  stageBytes: number;
  /** memory of the whole process in each stage, in bytes; lines over 1 MiB take about ten times their length besides */
  memory: Record<Stage, number>;
  /** expected share of pairs found, by their Jaccard similarity */
  expectedRecall: Record<string, number>;
}

/** What a plan is for. */
export interface PlanOptions extends MinHashSettings, Partial<RecordKeys> {
  inputs: readonly string[];
  workers?: number;
  /** bytes of the whole process; default 512 MiB for two workers, 192 MiB for each more */
  memory?: number;
}

const SAMPLED_PER_FILE = 200;
/** Bytes of a document's id and where it ends, about. */
const ID_BYTES = 48;

interface Sample {
  documents: number;
  tooShort: number;
  broken: number;
  estimate: number;
}

async function sampleFile(path: string, hasher: MinHasher, keys: RecordKeys): Promise<Sample> {
  const sample = { documents: 0, tooShort: 0, broken: 0 };
  let [fileBytes, lineBytes, complete] = [0, 0, true];
  const counter = (bytes: number) => {
    fileBytes += bytes;
  };
  for await (const { document, bytes } of readRecords(path, { ...keys, onlyFields: [], onBytes: counter })) {
    lineBytes += (bytes?.length ?? 0) + 1;
    if (document === null) sample.broken++;
    else if (hasher.signature(document.text) === null) sample.tooShort++;
    if (document !== null) sample.documents++;
    if (sample.documents + sample.broken < SAMPLED_PER_FILE) continue;
    complete = false;
    break;
  }
  if (complete) return { ...sample, estimate: sample.documents };
  if (isParquet(path)) return { ...sample, estimate: Number((await describeParquet(path)).metadata.num_rows) };
  // A plain file's lines are counted exactly; of a compressed one only the bytes read for them are known.
  const read = /\.(gz|zst)$/.test(path) ? fileBytes : lineBytes;
  return { ...sample, estimate: (sample.documents * statusOf(path).bytes) / read };
}

/**
 * Looks at the beginning of each input and says what {@link minHashFiles} will need and find, before anything is done.
 *
 * @throws DedupError `INVALID_OPTION` or a file's error
 */
export async function planFiles(options: PlanOptions): Promise<MinHashPlan> {
  const { inputs, workers = 1, memory = defaultMemory(workers), textKey = 'text', idKey = 'id', ...minHash } = options;
  const settings = resolveMinHashOptions(minHash);
  const hasher = new MinHasher(settings);
  const samples: Sample[] = [];
  let inputBytes = 0;
  for (const path of inputs) {
    inputBytes += statusOf(path).bytes;
    samples.push(await sampleFile(path, hasher, { textKey, idKey }));
  }
  const sum = (name: keyof Sample) => samples.reduce((total, sample) => total + sample[name], 0);
  const documents = Math.round(sum('estimate'));
  const recordBytes = 4 * layoutOf(settings.rows, settings.hash).words;
  const taskBytes = taskBytesOf(memory, workers);
  const memoryOf = (stage: Stage) => stageMemory({ stage, workers, taskBytes, documents });
  return {
    settings,
    inputs: inputs.length,
    inputBytes,
    sampled: sum('documents'),
    documents,
    tooShortShare: sum('tooShort') / Math.max(1, sum('documents')),
    brokenShare: sum('broken') / Math.max(1, sum('documents') + sum('broken')),
    stageBytes: documents * (settings.bands * recordBytes + ID_BYTES),
    memory: Object.fromEntries(STAGES.map((stage) => [stage, memoryOf(stage)])) as Record<Stage, number>,
    expectedRecall: expectedRecall(settings),
  };
}
