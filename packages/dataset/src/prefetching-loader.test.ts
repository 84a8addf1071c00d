import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BatchLoader } from './batch-loader.ts';
import { makeCountingShard, temporaryFolder } from './fixtures/counting-shards.ts';
import { PrefetchingLoader, type PrefetchingLoaderOptions } from './prefetching-loader.ts';
import { TokenShard } from './token-shard.ts';

const folder = temporaryFolder();
const path = join(folder, 'text.ds');
beforeAll(async () => void (await makeCountingShard(path, 0, [100, 300])));

const options = { stages: [{ steps: 12, mixture: { text: 1 } }], batchSize: 2, sequenceLength: 8, seed: 1 };
const prefetching = (changes: Partial<PrefetchingLoaderOptions> = {}) =>
  new PrefetchingLoader({ ...options, sources: { text: [path] }, ...changes });
const plain = () => new BatchLoader({ ...options, sources: { text: [TokenShard.open(path)] } });

describe('PrefetchingLoader', () => {
  it('gives the batches and positions of a BatchLoader', async () => {
    const [ahead, loader] = [prefetching(), plain()];
    for (let step = 0; step < 12; step++) {
      expect(await ahead.next()).toEqual(loader.next());
      expect(ahead.state()).toEqual(loader.state());
    }
    expect(ahead.shares()).toEqual({ text: 1 });
    await expect(ahead.next()).rejects.toMatchObject({ code: 'EXHAUSTED' });
    await ahead.close();
  });

  it('goes back, forward and over data while batches are under way', async () => {
    const [ahead, loader] = [prefetching({ ahead: 3 }), plain()];
    await ahead.next();
    loader.next();
    const saved = loader.state();
    for (let step = 0; step < 4; step++) await ahead.next();
    ahead.restore(saved);
    expect(await ahead.next()).toEqual(loader.next());
    ahead.skip(2);
    loader.skip(2);
    expect(await ahead.next()).toEqual(loader.next());
    ahead.seek(7);
    loader.seek(7);
    expect(await ahead.next()).toEqual(loader.next());
    await ahead.close();
  });

  it('refuses bad options at once and says what went wrong in its thread', async () => {
    expect(() => prefetching({ ahead: 0 })).toThrow('ahead must be an integer above 0, got 0');
    expect(() => prefetching({ sources: { text: [join(folder, 'none.ds')] } })).toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
    const broken = join(folder, 'broken.ds');
    await makeCountingShard(broken, 0, [400]);
    const ahead = prefetching({ sources: { text: [broken] }, ahead: 1 });
    truncateSync(broken, 10);
    await expect(ahead.next()).rejects.toMatchObject({ code: expect.stringMatching(/READ_FAILED|CORRUPT_SHARD/) });
    await ahead.close();
  });
});
