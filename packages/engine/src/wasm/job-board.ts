// Where threads find their work: a small shared array beside the heap.
//
// The main thread writes a job (which kernel, its arguments, into how many chunks its units are cut) and publishes it by storing
// the number of chunks in `remaining`. Any thread claims a chunk by counting `remaining` down and reports it in `done`.
// A claimed but unreported chunk keeps the main thread waiting, so a job never changes under a thread that works on it,
// and a thread that comes late claims nothing or a chunk of the next job; both are right.

/** Arguments a kernel may have. */
export const MAXIMUM_ARGUMENTS = 32;

/** Views of a board; each name is one cell of `state`. */
export interface JobBoard {
  readonly state: Int32Array<SharedArrayBuffer>;
  readonly args: Float64Array<SharedArrayBuffer>;
  /** Chunks nobody has claimed yet. */
  readonly remaining: number;
  /** Chunks finished. */
  readonly done: number;
  /** Counts published jobs; sleeping threads wait for it to change. */
  readonly signal: number;
  /** Threads asleep. */
  readonly sleepers: number;
  /** 1 when a kernel trapped in a worker. */
  readonly failed: number;
  /** Worker threads that are up. */
  readonly ready: number;
  /** 1 tells the workers to end. */
  readonly stop: number;
  readonly kernel: number;
  readonly chunks: number;
  readonly units: number;
  readonly argumentCount: number;
}

/** A board of its own buffer. */
export function createJobBoard(): JobBoard {
  // Not `new SharedArrayBuffer`: pages that are not isolated lack it, but may still make shared WebAssembly memory.
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const buffer = memory.buffer as unknown as SharedArrayBuffer;
  return {
    state: new Int32Array(buffer, 0, 16),
    args: new Float64Array(buffer, 64, MAXIMUM_ARGUMENTS),
    remaining: 0,
    done: 1,
    signal: 2,
    sleepers: 3,
    failed: 4,
    ready: 5,
    stop: 6,
    kernel: 7,
    chunks: 8,
    units: 9,
    argumentCount: 10,
  };
}
