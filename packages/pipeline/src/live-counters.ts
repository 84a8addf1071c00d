const FIELDS = 4;

/** What a task is at in this run. */
export interface LiveNumbers {
  /** Records read and documents kept in this run. */
  readonly read: number;
  readonly kept: number;
  /** Bytes of its split that have been read. */
  readonly bytes: number;
  /** Bytes of it that had been read when this run began with it. */
  readonly bytesBefore: number;
}

/** What the tasks are at, shared by all threads; for display and for stopping only, never for results. */
export class LiveCounters {
  /** Pass this to the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #stop: Int32Array;
  readonly #numbers: Float64Array;

  constructor(memoryOrTasks: SharedArrayBuffer | number) {
    this.memory =
      typeof memoryOrTasks === 'number' ? new SharedArrayBuffer(8 + memoryOrTasks * FIELDS * 8) : memoryOrTasks;
    this.#stop = new Int32Array(this.memory, 0, 1);
    this.#numbers = new Float64Array(this.memory, 8);
  }

  /** Asks every thread to stop after the record it is at. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#stop, 0) === 1;
  }

  /** Begins with a task of which some bytes have been read before. */
  begin(task: number, bytesBefore: number): void {
    this.#numbers.set([0, 0, bytesBefore, bytesBefore], task * FIELDS);
  }

  set(task: number, read: number, kept: number): void {
    this.#numbers[task * FIELDS] = read;
    this.#numbers[task * FIELDS + 1] = kept;
  }

  setBytes(task: number, bytes: number): void {
    this.#numbers[task * FIELDS + 2] = bytes;
  }

  get(task: number): LiveNumbers {
    const [read, kept, bytes, bytesBefore] = this.#numbers.subarray(task * FIELDS, (task + 1) * FIELDS);
    return { read, kept, bytes, bytesBefore };
  }
}
