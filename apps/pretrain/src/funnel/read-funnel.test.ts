import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readFunnel } from './read-funnel.ts';

const run = mkdtempSync(join(tmpdir(), 'funnel-'));
afterAll(() => rmSync(run, { recursive: true }));

function write(path: string, ...lines: object[]): void {
  mkdirSync(dirname(join(run, path)), { recursive: true });
  writeFileSync(join(run, path), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

const step = (name: string, before: number, dropped: Record<string, number>) => {
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  return { name, in: before, out: before - lost, dropped, counts: {} };
};

describe('readFunnel', () => {
  it('adds up sources with other steps, in the order of the steps, and duplicates over all of them', async () => {
    write('filtered/a/report.json', { read: 10, kept: 9, unreadable: { damaged_line: 1 }, steps: [], tasks: [] });
    const steps = [step('url', 20, { domain: 4 }), step('language', 16, { language: 6 })];
    write('filtered/b/report.json', { read: 20, kept: 10, unreadable: {}, steps, tasks: [] });
    const removed = { step: 'url', reason: 'domain', value: 'x.example', limit: 1 };
    write('filtered/b/removed/url.domain/00000.jsonl', { id: '1', text: 'a'.repeat(500), metadata: { removed } });
    const dropped = [
      { step: 'dedup', reason: 'exact', documents: 2 },
      { step: 'dedup', reason: 'like_held_out', documents: 1 },
    ];
    const repeats = ['exact', 'like_held_out', 'exact'].map((duplicate, index) =>
      JSON.stringify({ id: `${index}`, text: 'again', metadata: { duplicate, duplicate_of: 'first' } }),
    );
    writeFileSync(join(run, 'duplicates.jsonl.gz'), gzipSync(repeats.join('\n')));
    write('steps/curate.json', { summary: { dropped } });
    write('metrics.jsonl', { step: 1, loss: 2 });
    const funnel = await readFunnel(run);
    expect(funnel).toMatchObject({ read: 30, kept: 16 });
    expect(funnel.stages.map((stage) => [stage.step, stage.in, stage.out])).toEqual([
      ['read', 30, 29],
      ['url', 29, 25],
      ['language', 25, 19],
      ['dedup', 19, 16],
    ]);
    const [sample] = funnel.stages[1].reasons[0].samples;
    expect(sample).toEqual({ id: '1', text: `${'a'.repeat(400)} …`, value: 'x.example', limit: 1 });
    const shown = funnel.stages[3].reasons.map((reason) => [reason.reason, reason.samples.map(({ id }) => id)]);
    expect(shown).toEqual([
      ['exact', ['0', '2']],
      ['like_held_out', ['1']],
    ]);
  });

  it('refuses what is no run, or not finished', async () => {
    await expect(readFunnel(join(run, 'none'))).rejects.toThrow('has no filtered/');
    mkdirSync(join(run, 'filtered/c'));
    await expect(readFunnel(run)).rejects.toThrow('is not finished');
  });
});
