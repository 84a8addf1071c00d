import type { Writable } from 'node:stream';

/** Least time between two lines, in milliseconds: on a terminal, elsewhere. */
const INTERVALS = { terminal: 200, log: 5000 };

const UNITS: Record<string, [divisor: number, name: string]> = {
  bytes: [1e6, 'MB'],
  records: [1e3, 'thousand records'],
  tasks: [1, 'tasks'],
  pairs: [1, 'pairs'],
};

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** What has got how far. */
export interface Progress {
  stage: string;
  done: number;
  total: number;
  unit: string;
}

/** How far, how fast and how long yet, in words. */
export function describeProgress({ stage, done, total, unit }: Progress, seconds: number): string {
  const [divisor, name] = UNITS[unit];
  const share = total === 0 ? 100 : Math.min(100, (100 * done) / total);
  const rate = done / Math.max(seconds, 1e-3);
  const left = rate > 0 ? `, ${duration(Math.max(0, total - done) / rate)} left` : '';
  return `${stage}: ${share.toFixed(0)} % of ${(total / divisor).toFixed(0)} ${name}, ${(rate / divisor).toFixed(1)}/s${left}`;
}

/** Shows progress on a stream: a line that changes on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #stream: Writable & { isTTY?: boolean };
  #stage = '';
  #started = 0;
  #shown = 0;

  constructor(stream: Writable & { isTTY?: boolean }) {
    this.#stream = stream;
  }

  show(progress: Progress): void {
    const now = performance.now();
    if (progress.stage !== this.#stage) {
      [this.#stage, this.#started, this.#shown] = [progress.stage, now, now];
    }
    if (now - this.#shown < (this.#stream.isTTY ? INTERVALS.terminal : INTERVALS.log)) return;
    this.#shown = now;
    const line = describeProgress(progress, (now - this.#started) / 1000);
    this.#stream.write(this.#stream.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}
