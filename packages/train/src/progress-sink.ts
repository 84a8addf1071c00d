import type { MetricRecord, MetricSink } from './metrics.ts';

/** Options of {@link progressSink}. */
export interface ProgressOptions {
  totalSteps: number;
  /** a line every so many steps, and at the last; default 1 */
  every?: number;
}

/**
 * Tells progress as lines of text: share done, loss, learning rate scale, rate, time left; and evaluations.
 *
 * @param writeLine receives each line, without a line break
 */
export function progressSink(
  writeLine: (line: string) => void,
  { totalSteps, every = 1 }: ProgressOptions,
): MetricSink {
  let secondsPerStep = 0;
  return {
    name: 'progress',
    write(record: MetricRecord): void {
      if ('evaluation' in record) return writeLine(evaluationLine(record.step, totalSteps, record.evaluation));
      secondsPerStep =
        secondsPerStep === 0 ? record.timing.seconds : 0.9 * secondsPerStep + 0.1 * record.timing.seconds;
      if (record.step % every !== 0 && record.step !== totalSteps) return;
      const left = (totalSteps - record.step) * secondsPerStep;
      const parts = [
        `step ${record.step}/${totalSteps} (${Math.floor((100 * record.step) / totalSteps)}%)`,
        `loss ${record.loss?.toFixed(4) ?? 'not finite'}`,
        `lr ×${Number(record.learningRateScale.toPrecision(3))}`,
        `grad ${record.gradientNorm?.toPrecision(3) ?? 'not finite'}`,
        `${formatCount(record.timing.tokensPerSecond ?? 0)} tok/s`,
        ...(record.skipped ? [`skipped: ${record.skipped}`] : []),
        ...(record.step < totalSteps ? [`${formatDuration(left)} left`] : []),
      ];
      writeLine(parts.join('  '));
    },
  };
}

function evaluationLine(step: number, totalSteps: number, evaluation: Record<string, number>): string {
  const values = Object.entries(evaluation).map(([name, value]) => `${name} ${Number(value.toPrecision(5))}`);
  return `step ${step}/${totalSteps} evaluation  ${values.join('  ')}`;
}

function formatCount(count: number): string {
  if (count >= 1e6) return `${(count / 1e6).toFixed(2)}M`;
  return count >= 1e3 ? `${(count / 1e3).toFixed(1)}k` : count.toFixed(0);
}

/** `45s`, `3m10s`, `2h05m`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}
