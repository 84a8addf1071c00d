import type { LiveCounters } from './live-counters.ts';

/** How far a run is. Rates and times are of this run only, not of the shards it found finished. */
export interface PipelineProgress {
  /** Records read and documents kept so far in this run. */
  documents: number;
  kept: number;
  /** Bytes of the inputs that have been read, as far as the reader tells, and the inputs' size. */
  bytes: number;
  totalBytes: number;
  documentsPerSecond: number;
  bytesPerSecond: number;
  shardsDone: number;
  shards: number;
  /** Share of the whole work that is done, in [0, 1]. */
  share: number;
  /** Expected time left; unknown at first. */
  secondsLeft: number | undefined;
}

/** Makes progress reports out of live counters. */
export class ProgressMeter {
  readonly #live: LiveCounters;
  readonly #sizes: readonly number[];
  readonly #done: boolean[];
  readonly #found: readonly boolean[];
  readonly #start = performance.now();

  /**
   * @param sizes bytes of each input
   * @param found which shards were finished before
   */
  constructor(live: LiveCounters, sizes: readonly number[], found: readonly boolean[]) {
    this.#live = live;
    // Inputs that are no files count alike.
    this.#sizes = sizes.every((size) => size === 0) ? sizes.map(() => 1) : sizes;
    this.#found = found;
    this.#done = [...found];
  }

  finish(shard: number): void {
    this.#done[shard] = true;
  }

  read(): PipelineProgress {
    const seconds = (performance.now() - this.#start) / 1000;
    const sum = { documents: 0, kept: 0, bytes: 0, fresh: 0, before: 0, total: 0 };
    this.#sizes.forEach((size, shard) => {
      const { read, kept, bytes } = this.#live.get(shard);
      const reached = this.#done[shard] ? size : Math.min(bytes, size);
      sum.documents += read;
      sum.kept += kept;
      sum.bytes += reached;
      sum.total += size;
      if (this.#found[shard]) sum.before += size;
      else sum.fresh += reached;
    });
    const left = sum.total - sum.bytes;
    return {
      documents: sum.documents,
      kept: sum.kept,
      bytes: sum.bytes,
      totalBytes: sum.total,
      documentsPerSecond: sum.documents / Math.max(seconds, 1e-3),
      bytesPerSecond: sum.fresh / Math.max(seconds, 1e-3),
      shardsDone: this.#done.filter(Boolean).length,
      shards: this.#sizes.length,
      share: sum.total === 0 ? 1 : sum.bytes / sum.total,
      secondsLeft: sum.fresh > 0 ? (left / sum.fresh) * seconds : undefined,
    };
  }
}
