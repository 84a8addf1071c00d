import { formatDuration } from './format.ts';
import type { StepName } from './step.ts';

/** Where a run reports what it is doing. */
export interface Progress {
  /** A line that stays. */
  log(step: StepName, message: string): void;
  /** A line about work under way: rewritten in place on a terminal, printed now and then elsewhere. */
  update(step: StepName, message: string): void;
  /** A step is complete: how long it took, or that it needed not be done again, and what came of it. */
  finish(step: StepName, took: { seconds: number } | 'unchanged', result: string): void;
  /** Ends the line under way. */
  done(): void;
}

const REDRAW_INTERVAL_MS = 80;
const QUIET_INTERVAL_MS = 10_000;
const STEP_WIDTH = 9;
const TIME_WIDTH = 9;

/** Nobody is told anything. */
export const silentProgress: Progress = { log: () => {}, update: () => {}, finish: () => {}, done: () => {} };

/** Progress for people on stderr: one moving line on a terminal, a line every ten seconds elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  const interval = stream.isTTY ? REDRAW_INTERVAL_MS : QUIET_INTERVAL_MS;
  let moving = false;
  // Elsewhere, what takes less than the interval says nothing but its result.
  let lastShown = stream.isTTY ? -Infinity : performance.now();
  const clear = () => {
    if (moving) stream.write('\r\x1b[K');
    moving = false;
  };
  const log = (step: StepName, message: string) => {
    clear();
    lastShown = stream.isTTY ? -Infinity : performance.now();
    stream.write(`${step.padEnd(STEP_WIDTH)}${message}\n`);
  };
  return {
    log,
    finish(step, took, result) {
      const time = took === 'unchanged' ? took : formatDuration(took.seconds);
      log(step, `${time.padStart(TIME_WIDTH)}  ${result}`);
    },
    update(step, message) {
      if (performance.now() - lastShown < interval) return;
      lastShown = performance.now();
      const line = `${step.padEnd(STEP_WIDTH)}${message}`;
      if (!stream.isTTY) return void stream.write(`${line}\n`);
      // A line as wide as the terminal would wrap and could not be rewritten.
      stream.write(`\r${line.slice(0, (stream.columns || 80) - 1)}\x1b[K`);
      moving = true;
    },
    done: clear,
  };
}

/** Progress for programs on stdout: one JSON object a line. */
export function jsonProgress(write: (line: string) => void = (line) => process.stdout.write(line)): Progress {
  const emit = (type: string, step: StepName, message: string) => write(`${JSON.stringify({ type, step, message })}\n`);
  return {
    log: (step, message) => emit('log', step, message),
    update: (step, message) => emit('progress', step, message),
    finish: (step, took, message) =>
      write(
        `${JSON.stringify({ type: 'done', step, ...(took === 'unchanged' ? { unchanged: true } : took), message })}\n`,
      ),
    done: () => {},
  };
}
