import { basename } from 'node:path';
import { openAppendFile, type AppendFile } from './append-file.ts';
import type { MetricSink } from './metrics.ts';
import { TrainError } from './train-error.ts';

/**
 * Writes each metric record as a line of JSON. A resumed run cuts the file back to where its checkpoint was written, so
 * that in the end it equals that of an uninterrupted run, apart from `timing`.
 */
export function jsonlSink(path: string): MetricSink {
  let file: AppendFile | undefined;
  return {
    name: basename(path),
    open(position) {
      file = openAppendFile(path, bytesOf(path, position));
    },
    write: (record) => file?.append(`${JSON.stringify(record)}\n`),
    position: () => ({ bytes: file?.flush() ?? 0 }),
    close() {
      file?.flush();
      file?.close();
      file = undefined;
    },
  };
}

/** Writes each event as a line of JSON, with the time. It is a log of what happened and is never cut back. */
export function eventLog(path: string): MetricSink {
  let file: AppendFile | undefined;
  return {
    name: basename(path),
    open() {
      file = openAppendFile(path);
    },
    write: () => {},
    event: (event) => file?.append(`${JSON.stringify({ ...event, time: new Date().toISOString() })}\n`),
    close() {
      file?.flush();
      file?.close();
      file = undefined;
    },
  };
}

/** The length that a saved position stands for: nothing of a file that is older than the run. */
export function bytesOf(path: string, position: unknown): number {
  if (position === undefined || position === null) return 0;
  const { bytes } = position as { bytes?: unknown };
  if (Number.isSafeInteger(bytes) && (bytes as number) >= 0) return bytes as number;
  throw new TrainError(
    'SINK_MISMATCH',
    `the checkpoint's position of ${path} must be { bytes }, got ${JSON.stringify(position)}`,
  );
}
