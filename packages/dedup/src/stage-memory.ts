import { clusteringBytes } from './cluster-memory.ts';
import type { Stage } from './stage-settings.ts';

/** What the memory of a stage depends on. */
export interface MemoryNeeds {
  stage: Stage;
  /** tasks at the same time */
  threads: number;
  /** memory that a task may use for its buffers */
  taskBytes: number;
  /** documents of all inputs */
  documents: number;
}

/** Buffers of a task that sorts records into two files, and of one that reads blocks and writes two files. */
const FILTER_BYTES = 5 * 2 ** 20;
const JOIN_BYTES = 3 * 2 ** 20;

/** Bytes of the buffers of a stage; what Node itself takes, and about ten times the line at work, come besides. */
export function stageMemory({ stage, threads, taskBytes, documents }: MemoryNeeds): number {
  if (stage === 'clustering') return clusteringBytes(documents, threads);
  if (stage === 'filtering') return FILTER_BYTES * threads;
  return stage === 'joining' ? JOIN_BYTES * threads : taskBytes * threads;
}
