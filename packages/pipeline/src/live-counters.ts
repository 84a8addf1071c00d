const FIELDS = 3;

/** What the shards are at, shared by all threads; for display and for stopping only, never for results. */
export class LiveCounters {
  /** Pass this to the other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #stop: Int32Array;
  readonly #numbers: Float64Array;

  constructor(memoryOrShards: SharedArrayBuffer | number) {
    this.memory =
      typeof memoryOrShards === 'number' ? new SharedArrayBuffer(8 + memoryOrShards * FIELDS * 8) : memoryOrShards;
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

  set(shard: number, read: number, kept: number): void {
    this.#numbers[shard * FIELDS] = read;
    this.#numbers[shard * FIELDS + 1] = kept;
  }

  setBytes(shard: number, bytes: number): void {
    this.#numbers[shard * FIELDS + 2] = bytes;
  }

  get(shard: number): { read: number; kept: number; bytes: number } {
    const [read, kept, bytes] = this.#numbers.subarray(shard * FIELDS, (shard + 1) * FIELDS);
    return { read, kept, bytes };
  }
}
