import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startStore } from './fixtures/s3-server.ts';
import type { RunningStore } from './fixtures/s3-server.ts';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { localFiles } from './local-storage.ts';
import { s3Storage } from './s3-storage.ts';
import { chunksOf, describeInput, openFile, storageOf, uploadFile } from './storage.ts';
import type { Storage } from './storage.ts';

const folder = temporaryFolder();
let store: RunningStore;
const stores: Record<string, () => { storage: Storage; base: string }> = {
  'folders of this machine': () => ({ storage: localFiles, base: join(folder, 'files') }),
  'an S3-compatible server': () => ({ storage: s3Storage(store.options), base: 's3://bucket/files' }),
};

beforeAll(async () => {
  store = await startStore();
});
afterAll(() => store.stop());

const numbered = (bytes: number) => Buffer.from(Uint8Array.from({ length: bytes }, (_, index) => index % 251));

async function contentOf(storage: Storage, address: string): Promise<Buffer> {
  const file = await storage.open(address);
  const parts = [];
  for await (const chunk of chunksOf(file)) parts.push(chunk);
  await file.close();
  return Buffer.concat(parts);
}

describe.each(Object.entries(stores))('%s', (_, prepare) => {
  it('give back what was written, in ranges', async () => {
    const { storage, base } = prepare();
    const address = `${base}/a folder/ü+%20.bin`;
    const bytes = numbered(100_000);
    await storage.write(address, [bytes.subarray(0, 10), bytes.subarray(10)]);
    const file = await storage.open(address);
    expect(file.size).toBe(100_000);
    expect(Buffer.from(await file.read(1000, 5))).toEqual(bytes.subarray(1000, 1005));
    expect(Buffer.from(await file.read(99_990, 1000))).toEqual(bytes.subarray(99_990));
    expect((await file.read(100_000, 10)).length).toBe(0);
    await file.close();
    expect(await contentOf(storage, address)).toEqual(bytes);
    expect(await storage.exists(address)).toBe(true);
    const first = await storage.describe(address);
    expect(first).toMatchObject({ address, size: 100_000 });
    await storage.write(address, []);
    expect((await storage.describe(address))?.version).not.toBe(first?.version);
    expect(await contentOf(storage, address)).toEqual(Buffer.alloc(0));
    await storage.remove(address);
    await storage.remove(address);
    expect(await storage.exists(address)).toBe(false);
    expect(await storage.describe(address)).toBeUndefined();
  });

  it('list what is in them, in order', async () => {
    const { storage, base } = prepare();
    const names = ['b', 'a/2', 'a/10', 'Z', 'a-1'];
    for (const name of names) await storage.write(`${base}/list/${name}`, [numbered(3)]);
    const listed = await storage.list(`${base}/list/`);
    expect(listed.map(({ address, size }) => [address.slice(base.length + 6), size])).toEqual(
      [...names].sort().map((name) => [name, 3]),
    );
  });

  it('name the file that is missing', async () => {
    const { storage, base } = prepare();
    const missing = expect.objectContaining({
      code: 'FILE_NOT_FOUND',
      message: expect.stringContaining(`${base}/none`),
    });
    await expect(storage.open(`${base}/none`)).rejects.toThrow(missing);
  });

  it('show nothing of a file whose content fails on the way', async () => {
    const { storage, base } = prepare();
    const failing = (async function* fail() {
      yield numbered(6 * 2 ** 20);
      yield numbered(12 * 2 ** 20);
      throw new Error('no more');
    })();
    await expect(storage.write(`${base}/partial/file`, failing)).rejects.toThrow('no more');
    expect(await storage.exists(`${base}/partial/file`)).toBe(false);
  });
});

describe('the folders of this machine', () => {
  it('are listed with all that is below them', async () => {
    const deep = join(folder, 'deep');
    mkdirSync(join(deep, 'x', 'y'), { recursive: true });
    writeFileSync(join(deep, 'x', 'y', 'z'), '1');
    writeFileSync(join(deep, 'top'), '22');
    expect((await localFiles.list(deep)).map(({ size }) => size)).toEqual([2, 1]);
    await expect(localFiles.list(join(folder, 'nowhere'))).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
    expect(readdirSync(deep).length).toBe(2);
  });
});

describe('an S3-compatible server', () => {
  const address = 's3://bucket/some.bin';

  it('takes large files in parts', async () => {
    const storage = s3Storage({ ...store.options, partBytes: 5 * 2 ** 20 });
    const bytes = numbered(11 * 2 ** 20);
    const before = store.requests();
    await storage.write('s3://bucket/large.bin', [bytes.subarray(0, 7_000_000), bytes.subarray(7_000_000)]);
    expect(store.requests() - before).toBe(5); // begin, three parts, complete
    expect((await contentOf(storage, 's3://bucket/large.bin')).equals(bytes)).toBe(true);
  });

  it('lists more than a page', { tags: ['slow'] }, async () => {
    const storage = s3Storage(store.options);
    for (let done = 0; done < 1010; done += 10) {
      await Promise.all(
        Array.from({ length: 10 }, (_, index) => storage.write(`s3://bucket/many/${done + index}`, [])),
      );
    }
    expect((await storage.list('s3://bucket/many/')).length).toBe(1010);
  });

  it('is asked again when it, or the way to it, fails for a moment', async () => {
    const storage = s3Storage(store.options);
    store.fail(503, 'cut', 500, 429);
    await storage.write(address, [numbered(10)]);
    store.fail('cut', 503);
    expect(await contentOf(storage, address)).toEqual(numbered(10));
  });

  it('is given up with the reason when it fails for good, and at once when it refuses', async () => {
    const stubborn = s3Storage({ ...store.options, retries: 2 });
    store.fail(503, 503, 503);
    const failed = {
      code: 'WRITE_FAILED',
      message: expect.stringMatching(/cannot write s3:\/\/bucket\/some\.bin after 3 attempts.*503/),
    };
    await expect(stubborn.write(address, [])).rejects.toThrow(expect.objectContaining(failed));
    const stranger = s3Storage({ ...store.options, secretAccessKey: 'wrong' });
    const before = store.requests();
    const refused = { code: 'WRITE_FAILED', message: expect.stringContaining('check AWS_ACCESS_KEY_ID') };
    await expect(stranger.write(address, [])).rejects.toThrow(expect.objectContaining(refused));
    expect(store.requests() - before).toBe(1);
    await expect(s3Storage(store.options).list('s3://no-such-bucket/x')).rejects.toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND' }),
    );
  });

  it.each([
    ['half a pair of keys', { accessKeyId: 'x' }],
    ['an endpoint without a protocol', { endpoint: 'localhost:9000' }],
    ['parts smaller than the protocol allows', { partBytes: 1000 }],
  ])('is not spoken to with %s', (_, options) => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', '');
    expect(() => s3Storage(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    vi.unstubAllEnvs();
  });

  it('is found through the environment', async () => {
    const { endpoint, accessKeyId, secretAccessKey } = store.options;
    vi.stubEnv('AWS_ENDPOINT_URL_S3', endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', accessKeyId);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', secretAccessKey);
    const local = join(folder, 'upload.bin');
    writeFileSync(local, numbered(5000));
    await uploadFile(local, 's3://bucket/uploaded.bin');
    expect(await describeInput('s3://bucket/uploaded.bin')).toMatchObject({ size: 5000 });
    expect((await openFile('s3://bucket/uploaded.bin')).size).toBe(5000);
    expect(await storageOf(local)).toBe(localFiles);
    await expect((await storageOf('s3://x')).open('s3://')).rejects.toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
    vi.unstubAllEnvs();
  });
});
