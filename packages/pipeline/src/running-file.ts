import { hostname } from 'node:os';
import { writeSealed } from './sealed-json.ts';
import type { PipelineProgress, ProgressMeter, RunningTask } from './progress.ts';
import { removeFile } from './task-files.ts';
import type { TaskFiles } from './task-files.ts';

/** What a rank is at: for people who look at the folder, never for results. */
export interface RunningRank {
  readonly rank: number;
  readonly worldSize: number;
  readonly host: string;
  readonly pid: number;
  /** When this was written, in ISO 8601. */
  readonly at: string;
  readonly progress: PipelineProgress;
  readonly tasks: readonly RunningTask[];
}

const EVERY_MILLISECONDS = 1000;

/** Tells in the folder, every second, what this rank is at, until it is stopped. */
export function tellRunning(files: TaskFiles, rank: number, worldSize: number, meter: ProgressMeter): () => void {
  const tell = () => {
    const now = { progress: meter.read(), tasks: meter.running(), at: new Date().toISOString() };
    writeSealed(files.running(rank), { rank, worldSize, host: hostname(), pid: process.pid, ...now });
  };
  tell();
  const timer = setInterval(tell, EVERY_MILLISECONDS);
  return () => {
    clearInterval(timer);
    removeFile(files.running(rank));
  };
}
