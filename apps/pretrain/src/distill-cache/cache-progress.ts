import { formatCount, formatDuration } from '../format.ts';

/** At least so long between two lines, for people and for programs. */
const INTERVAL_MS = 1000;

/** Tells how far caches are: rate and time left; on stderr for people, as JSON lines on stdout for programs. */
export function cacheProgress(json: boolean): (done: number, fresh: number, total: number) => void {
  let startedAt: number | undefined;
  let lastAt = -Infinity;
  return (done, fresh, total) => {
    const now = performance.now();
    startedAt ??= now;
    if (now - lastAt < INTERVAL_MS && done < total) return;
    lastAt = now;
    const rate = fresh / Math.max(1e-3, (now - startedAt) / 1000);
    const secondsLeft = rate > 0 ? (total - done) / rate : null;
    if (json) {
      process.stdout.write(
        `${JSON.stringify({ type: 'progress', done, total, tokensPerSecond: rate, secondsLeft })}\n`,
      );
      return;
    }
    const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`;
    const line = `${formatCount(done)} of ${formatCount(total)} tokens, ${formatCount(Math.round(rate))} a second${left}`;
    const isTerminal = process.stderr.isTTY;
    process.stderr.write(isTerminal ? `\r${line}\x1b[K${done === total ? '\n' : ''}` : `${line}\n`);
  };
}
