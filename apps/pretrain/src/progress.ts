/** Where a run reports what it is doing. */
export interface Progress {
  /** A line that stays. */
  log(line: string): void;
  /** A line about work under way: rewritten in place on a terminal, printed now and then elsewhere. */
  update(line: string): void;
  /** Ends the line under way. */
  done(): void;
}

const QUIET_INTERVAL_MS = 10_000;

/** Progress for people on stderr: one moving line on a terminal, a line every ten seconds elsewhere. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let pending = '';
  let lastPrinted = 0;
  const clear = () => {
    if (stream.isTTY && pending !== '') stream.write('\r\x1b[K');
    pending = '';
  };
  return {
    log(line) {
      clear();
      stream.write(`${line}\n`);
    },
    update(line) {
      if (stream.isTTY) {
        pending = line.slice(0, (stream.columns ?? 80) - 1);
        stream.write(`\r\x1b[K${pending}`);
      } else if (Date.now() - lastPrinted >= QUIET_INTERVAL_MS) {
        lastPrinted = Date.now();
        stream.write(`${line}\n`);
      }
    },
    done: clear,
  };
}

/** Progress for programs on stdout: one JSON object a line. */
export function jsonProgress(write: (line: string) => void = (line) => process.stdout.write(line)): Progress {
  const emit = (type: string, message: string) => write(`${JSON.stringify({ type, message })}\n`);
  return { log: (line) => emit('log', line), update: (line) => emit('progress', line), done: () => {} };
}

/** `0:42`, `12:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const [hours, minutes, rest] = parts;
  const tail = `${minutes}:${String(rest).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${tail.padStart(5, '0')}` : tail;
}

/** `1,234,567`. */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
