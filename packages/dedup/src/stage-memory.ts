import { MOST_DOCUMENTS, clusteringBytes } from './cluster-memory.ts';
import { DedupError } from './dedup-error.ts';
import type { Stage } from './stage-settings.ts';

/** Node itself with this package's code and the heap of the main thread. */
const PROCESS_BYTES = 128 * 2 ** 20;
/** Each thread's heap, its kernel, blocks of the files that it reads and writes, and lines of up to 1 MiB. */
const THREAD_BYTES = 64 * 2 ** 20;
/** Least memory of a task to sort and merge in. */
const LEAST_TASK_BYTES = 16 * 2 ** 20;
const USUAL_TASK_BYTES = 128 * 2 ** 20;

/** Heap of a thread beside its lines: above what it needs, as a thread at its limit ends. */
const HEAP_MEBIBYTES = 96;
/** A line as bytes, as a string, parsed, each of two bytes a character at most. */
const HEAP_OF_LINE = 6;
/** Room for new objects is small, so that what is used up is found soon. */
const YOUNG_MEBIBYTES = 8;

const needed = (workers: number, taskBytes: number) => PROCESS_BYTES + workers * (THREAD_BYTES + taskBytes);

/** Memory of the whole process where nothing else is said: 512 MiB for two workers, 192 MiB for each more. */
export const defaultMemory = (workers: number): number => needed(workers, USUAL_TASK_BYTES);

/**
 * What memory of the whole process leaves each task to sort and merge in.
 *
 * @throws DedupError `OUT_OF_MEMORY` where it is not enough for so many workers
 */
export function taskBytesOf(memory: number, workers: number): number {
  const taskBytes = Math.floor((memory - needed(workers, 0)) / workers);
  if (taskBytes >= LEAST_TASK_BYTES) return taskBytes;
  const message = `memory must be at least ${needed(workers, LEAST_TASK_BYTES)} bytes for ${workers} workers, got ${memory}`;
  throw new DedupError('OUT_OF_MEMORY', message);
}

/**
 * Memory of the whole process for threads that sort nothing, in bytes; lines over 1 MiB take about ten times their length
 * besides.
 *
 * @param shared what they look things up in
 * @param allowed what there may be at most
 * @throws DedupError `OUT_OF_MEMORY` where that is too little
 */
export function lookupMemory(workers: number, shared: number, allowed = Infinity): number {
  const bytes = needed(workers, 0) + shared;
  if (bytes <= allowed) return bytes;
  const message = `memory must be at least ${bytes} bytes for ${workers} workers and these evaluations, got ${allowed}`;
  throw new DedupError('OUT_OF_MEMORY', message);
}

/** Limits of a thread's heap; long lines are in it. */
export const threadLimits = (longestLine: number) => ({
  maxYoungGenerationSizeMb: YOUNG_MEBIBYTES,
  maxOldGenerationSizeMb: HEAP_MEBIBYTES + Math.ceil((HEAP_OF_LINE * longestLine) / 2 ** 20),
});

/** What the memory of a stage depends on. */
export interface MemoryNeeds {
  stage: Stage;
  workers: number;
  /** memory that a task may use to sort and merge in */
  taskBytes: number;
  /** documents of all inputs */
  documents: number;
}

/** Memory of the whole process in a stage, in bytes; lines over 1 MiB take about ten times their length besides. */
export function stageMemory({ stage, workers, taskBytes, documents }: MemoryNeeds): number {
  if (stage === 'clustering') return needed(workers, 0) + clusteringBytes(documents);
  return needed(workers, stage === 'signatures' || stage === 'matching' ? taskBytes : 0);
}

/**
 * Makes sure that so many documents can be clustered.
 *
 * @param allowed memory of the whole process
 * @throws DedupError `OUT_OF_MEMORY`
 */
export function checkClusteringMemory(needs: MemoryNeeds, allowed: number): void {
  const { documents } = needs;
  if (documents > MOST_DOCUMENTS) {
    const message = `${documents} documents cannot be clustered at once, at most ${MOST_DOCUMENTS}; run part of the inputs and use its index for the others`;
    throw new DedupError('OUT_OF_MEMORY', message);
  }
  const memory = stageMemory({ ...needs, stage: 'clustering' });
  if (memory <= allowed) return;
  const message = `clustering ${documents} documents takes ${memory} bytes, ${allowed} are allowed; set memory to that much and run again`;
  throw new DedupError('OUT_OF_MEMORY', message);
}
