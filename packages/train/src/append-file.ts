import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { TrainError } from './train-error.ts';

/** A file that grows at its end, and knows how long it is. */
export interface AppendFile {
  append(bytes: Uint8Array | string): void;
  /** Flushes to the disk; returns the length in bytes. */
  flush(): number;
  close(): void;
}

/**
 * Opens or creates a file, with its folder.
 *
 * @param keep bytes of it to keep; default all
 * @throws TrainError `SINK_MISMATCH` when it has fewer
 */
export function openAppendFile(path: string, keep?: number): AppendFile {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, existsSync(path) ? 'r+' : 'w+');
  const { size } = fstatSync(descriptor);
  let length = keep ?? size;
  if (size < length) {
    closeSync(descriptor);
    throw new TrainError(
      'SINK_MISMATCH',
      `${path} has ${size} bytes but had ${length} when the checkpoint was written; put the longer file back, or start anew`,
    );
  }
  ftruncateSync(descriptor, length);
  return {
    append(bytes) {
      const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
      for (let written = 0; written < data.length;)
        written += writeSync(descriptor, data, written, data.length - written, length + written);
      length += data.length;
    },
    flush() {
      fsyncSync(descriptor);
      return length;
    },
    close: () => closeSync(descriptor),
  };
}
