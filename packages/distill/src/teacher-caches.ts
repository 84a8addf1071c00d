import type { ExpectedCache } from './cache-header.ts';
import { TeacherCache } from './cache-reader.ts';
import { DistillError } from './distill-error.ts';
import type { CachedTeacher, TokenStretch } from './distillation-objective.ts';
import type { ChunkedTeacher } from './mixed-rows.ts';
import { decodeTeacherRecords } from './teacher-cache.ts';

/** The cache of a shard, and what it must be of. */
export interface ShardCache {
  /** path of the shard, as batches name it */
  shard: string;
  /** path of its cache */
  cache: string;
  expected?: ExpectedCache;
}

/** The caches of all shards of a run, as one teacher. */
export class TeacherCaches implements CachedTeacher {
  readonly #caches: ReadonlyMap<string, TeacherCache>;

  private constructor(caches: ReadonlyMap<string, TeacherCache>) {
    this.#caches = caches;
  }

  /**
   * Opens all caches and reads them once: whatever does not fit, or was changed, is said before training starts.
   *
   * @throws DistillError `FILE_NOT_FOUND`, `CACHE_MISMATCH` also when they are not of one kind, `CORRUPT_CACHE`, `BAD_OPTION`
   */
  static open(shards: readonly ShardCache[]): TeacherCaches {
    if (shards.length === 0) throw new DistillError('BAD_OPTION', 'there is no shard to have a cache');
    const caches = new Map<string, TeacherCache>();
    try {
      for (const { shard, cache, expected } of shards) {
        const first = caches.values().next().value?.description;
        const { kind, k, temperature, teacherHash, vocabularySize } = first ?? {};
        const same = first && { kind, k, temperature, teacherHash, vocabularySize };
        caches.set(shard, TeacherCache.open(cache, { ...same, ...expected }));
      }
      for (const cache of caches.values()) cache.verify();
    } catch (error) {
      for (const cache of caches.values()) cache.close();
      throw error;
    }
    return new TeacherCaches(caches);
  }

  /** Of all caches. */
  get format(): { kind: 'top-k' | 'sampled'; k: number; temperature: number; teacherHash: string } {
    const { kind, k, temperature, teacherHash } = this.#caches.values().next().value!.description;
    return { kind, k, temperature, teacherHash };
  }

  /** @throws DistillError `CACHE_MISMATCH` when a shard has no cache here, `CORRUPT_CACHE` */
  targets(origins: readonly (readonly TokenStretch[])[]): ChunkedTeacher {
    const records = origins.flat().map(({ shard, start, length }) => this.#cacheOf(shard).records(start, length));
    return decodeTeacherRecords(this.#caches.values().next().value!.description, records);
  }

  close(): void {
    for (const cache of this.#caches.values()) cache.close();
  }

  #cacheOf(shard: string): TeacherCache {
    const cache = this.#caches.get(shard);
    if (cache) return cache;
    throw new DistillError(
      'CACHE_MISMATCH',
      `there is no cache of ${shard}; there are those of ${[...this.#caches.keys()].join(', ').slice(0, 200)}`,
    );
  }
}
