import type { PipelineProgress } from './progress.ts';

/** Least time between two lines, in milliseconds: on a terminal, elsewhere. */
const INTERVALS = { terminal: 200, log: 10_000 };

/** A stream that may be a terminal. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** How far a run is, in words. */
export function describeProgress(progress: PipelineProgress): string {
  const { share, tasks, tasksDone, tasksFailed, documents, kept, documentsPerSecond, bytesPerSecond, secondsLeft } =
    progress;
  const failed = tasksFailed > 0 ? `, ${tasksFailed} failed` : '';
  const left = secondsLeft === undefined || share === 1 ? '' : `, ${formatDuration(secondsLeft)} left`;
  return (
    `${Math.floor(100 * share)} %, ${tasksDone} of ${tasks} tasks${failed}, ${formatCount(documents)} documents, ` +
    `${formatCount(kept)} kept, ${formatCount(documentsPerSecond)}/s, ${(bytesPerSecond / 1e6).toFixed(1)} MB/s${left}`
  );
}

/** Shows progress: a line that changes on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #stream: TextStream;
  #shown = performance.now();

  constructor(stream: TextStream) {
    this.#stream = stream;
  }

  show(progress: PipelineProgress): void {
    const now = performance.now();
    if (now - this.#shown < (this.#stream.isTTY ? INTERVALS.terminal : INTERVALS.log)) return;
    this.#shown = now;
    const line = describeProgress(progress);
    this.#stream.write(this.#stream.isTTY ? `\r\u001B[K${line}` : `${line}\n`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001B[K');
  }
}

/** A time span in the unit that suits it. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** A count with three digits or more. */
export function formatCount(count: number): string {
  if (count < 10_000) return String(Math.round(count));
  return count < 1e6 ? `${Math.round(count / 1000)} k` : `${(count / 1e6).toFixed(2)} M`;
}
