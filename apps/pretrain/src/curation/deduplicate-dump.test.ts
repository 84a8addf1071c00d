import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeJsonl } from '@smol/pipeline';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/tiny-run.ts';
import { deduplicateDump } from './deduplicate-dump.ts';

describe('looking for repeats', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Thirty megabytes: some seconds of work. */
  function makeDocuments() {
    return Array.from({ length: 6000 }, (_, index) => {
      const step = (index % 10 === 9 ? index - 1 : index) + 1;
      const words = Array.from({ length: 800 }, (_, word) => (((word + 1) * step * 7919) % 50_021).toString(36));
      return { id: String(index), text: words.join(' '), metadata: {} };
    });
  }

  it('stops at once when it is asked to, and goes on to the same files', async () => {
    const input = join(folder, 'documents.jsonl');
    await writeJsonl(input, makeDocuments());
    const run = (name: string, options: { signal?: AbortSignal; onProgress?: () => void } = {}) =>
      deduplicateDump([input], join(folder, name), 'fineweb', {
        workers: 1,
        signal: new AbortController().signal,
        ...options,
      });
    const stop = new AbortController();
    let askedAt = 0;
    const onProgress = () => {
      if (!stop.signal.aborted) askedAt = performance.now();
      stop.abort();
    };
    await expect(run('stopped', { signal: stop.signal, onProgress })).rejects.toMatchObject({ code: 'STOPPED' });
    expect(performance.now() - askedAt).toBeLessThan(1000);
    await expect(run('stopped', { signal: stop.signal })).rejects.toMatchObject({ code: 'STOPPED' });

    const [stopped, whole] = [await run('stopped'), await run('whole')];
    expect(stopped.removed).toBe(600);
    expect(stopped.removed).toBe(whole.removed);
    const bytes = (files: readonly string[]) => Buffer.concat(files.map((file) => readFileSync(file)));
    expect(bytes(stopped.files).equals(bytes(whole.files))).toBe(true);
  }, 60_000);
});
