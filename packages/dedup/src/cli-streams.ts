import type { Readable, Writable } from 'node:stream';

/** The streams of a process. */
export interface CliStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
}
