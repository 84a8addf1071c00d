import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonl, type Document } from '@smol/pipeline';
import { RandomStream } from '@smol/random';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Funnel } from './funnel/funnel.ts';
import { writeTinyCrawl, writeTinyPdfs } from './fixtures/tiny-crawl.ts';
import { runCli, temporaryFolder } from './fixtures/tiny-run.ts';

// The built command line on a tiny crawl, through each recipe that comes along.

const cli = join(import.meta.dirname, '../dist/cli.js');

describe('smol-pretrain curate', { tags: ['slow'] }, () => {
  const folder = temporaryFolder();
  const command = (...parameters: string[]) => runCli(parameters, { cwd: folder });
  const documentsOf = async (run: string, dump: string) => {
    const place = join(folder, run, 'output', dump, 'documents');
    const documents: Document[] = [];
    for (const file of readdirSync(place).sort()) for await (const document of readJsonl(join(place, file))) documents.push(document);
    return documents;
  }; // prettier-ignore
  const funnelOf = async (run: string) => JSON.parse((await command('funnel', run, '--json')).stdout) as Funnel;
  /** Every file of the results, but for the times that they took. */
  const filesOf = (run: string) =>
    readdirSync(join(folder, run), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/timings|stages|plan\.json/.test(join(entry.parentPath, entry.name)))
      .map((entry) => join(entry.parentPath, entry.name).slice(join(folder, run).length))
      .sort();

  beforeAll(async () => {
    await writeTinyCrawl(folder);
    await writeTinyPdfs(folder);
    const recipe = readFileSync(join(folder, 'fineweb.yaml'), 'utf8')
      .replace(/^dumps:.*\n.*$/m, "dumps:\n  one: ['crawl/one-*.warc.gz']\n  two: [crawl/two-0.warc.gz]")
      .replace('lists: []', 'bannedDomains: [blocked.example]')
      .replace('format: parquet', 'format: jsonl.gz');
    writeFileSync(join(folder, 'tiny.yaml'), recipe.replace('name: fineweb', 'name: tiny'));
    const { code, stderr } = await command('curate', 'tiny.yaml', '--threads', '2');
    if (code !== 0) throw new Error(stderr);
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('takes WARC files to FineWeb’s columns, each crawl by itself', async () => {
    const one = await documentsOf('runs/tiny', 'one');
    const two = await documentsOf('runs/tiny', 'two');
    expect(one.map(({ url }) => url).filter((url) => url?.includes('novel'))).toHaveLength(12);
    expect(two).toHaveLength(4);
    for (const { id, url, text, metadata } of one) {
      expect(id).toMatch(/^<urn:uuid:/);
      expect(url).toMatch(/^https:/);
      expect(text.length).toBeGreaterThan(500);
      expect(metadata).toMatchObject({ dump: 'one', language: 'en', date: '2024-04-12T12:00:00Z' });
      expect(metadata.file_path).toMatch(/^one-[01]\.warc\.gz$/);
      expect(metadata.token_count).toBeGreaterThan(100);
      expect(metadata.language_score).toBeGreaterThan(0.65);
    }
    expect(one.find(({ url }) => url?.includes('mirror'))).toBeUndefined();
    expect(one.some(({ text }) => text.includes('ahab@pequod'))).toBe(false);
    expect(one.some(({ text }) => text.includes('email@example.com'))).toBe(true);
  });

  it('says what each step removed, with samples, as text and as a page', async () => {
    const { stages, read, kept } = await funnelOf('runs/tiny');
    const reasons = Object.fromEntries(stages.map(({ step, reasons }) => [step, reasons.map(({ reason }) => reason)]));
    expect(reasons).toMatchObject({ url: ['domain'], extract: ['content_type'], language: ['language'], dedup: ['near_duplicate'] });
    expect(stages.every(({ in: before, out, reasons }) => before - out === reasons.reduce((sum, { documents }) => sum + documents, 0))).toBe(true);
    expect(stages.slice(1).map((stage) => stage.in)).toEqual(stages.slice(0, -1).map((stage) => stage.out));
    expect([stages[0].in, stages.at(-1)?.out]).toEqual([read, kept]);
    const blocked = stages.find(({ step }) => step === 'url')!.reasons[0].samples[0];
    expect(blocked).toMatchObject({ url: 'https://www.blocked.example/page', value: 'blocked.example', limit: 1 });
    const repeat = stages.find(({ step }) => step === 'dedup')!.reasons[0].samples[0];
    expect(repeat.value).toMatch(/^repeats <urn:uuid:/);
    const { stdout } = await command('funnel', 'runs/tiny', '--html', 'funnel.html', '--samples', '1');
    expect(stdout).toMatch(/^tiny: 2\d of \d+ documents kept/);
    expect(stdout).toContain('− domain');
    expect(readFileSync(join(folder, 'funnel.html'), 'utf8')).toContain('<h2>What was removed</h2>');
  }); // prettier-ignore

  it('does nothing again when nothing changed, and only what changed', async () => {
    const before = readFileSync(join(folder, 'runs/tiny/curation.json'), 'utf8');
    const again = await command('curate', 'tiny.yaml', '--json');
    expect(again.code).toBe(0);
    expect(readFileSync(join(folder, 'runs/tiny/curation.json'), 'utf8')).toBe(before);
  }, 60_000);

  it('ends with the same bytes when it is killed at any moment, again and again, on any number of threads', async () => {
    const random = new RandomStream(7, 'moments to kill');
    const codes: unknown[] = [];
    for (let kill = 0; kill < 8; kill++) {
      const signal = kill % 3 === 2 ? 'SIGINT' : 'SIGKILL';
      const moment = 200 + random.integer(kill, 2200);
      const parameters = ['curate', 'tiny.yaml', '--runs', 'killed', '--threads', String(1 + (kill % 3))];
      const child = spawn(process.execPath, [cli, ...parameters], { cwd: folder, stdio: 'ignore' });
      const timer = setTimeout(() => child.kill(signal), moment);
      const [code] = await once(child, 'exit');
      clearTimeout(timer);
      codes.push(code);
    }
    // Killed (null) or stopped (130); a late moment may find it finished.
    expect(codes.filter((code) => code === null || code === 130).length).toBeGreaterThanOrEqual(3);
    expect(codes.every((code) => code === null || code === 130 || code === 0)).toBe(true);
    truncateSync(join(folder, 'killed/tiny/filtered/one/documents/00000.jsonl.gz'), 100);
    const { code, stderr } = await command('curate', 'tiny.yaml', '--runs', 'killed', '--threads', '3');
    expect([code, stderr.includes('Error')]).toEqual([0, false]);
    expect(filesOf('killed/tiny')).toEqual(filesOf('runs/tiny'));
    const differs = filesOf('runs/tiny').filter(
      (file) =>
        /documents|removed|kept/.test(file) &&
        !readFileSync(join(folder, 'killed/tiny', file)).equals(readFileSync(join(folder, 'runs/tiny', file))),
    );
    expect(differs).toEqual([]);
  }, 120_000);

  it('learns FineWeb-Edu’s classifier from labels and keeps what it scores 3 and more', async () => {
    const recipe = readFileSync(join(folder, 'fineweb-edu.yaml'), 'utf8');
    writeFileSync(join(folder, 'fineweb-edu.yaml'), `${recipe.replace('  minimum: 3', '  epochs: 60\n  minimum: 3')}\noutput: { format: jsonl }\n`);
    const { code, stderr } = await command('curate', 'fineweb-edu.yaml', 'crawl/one-*.warc.gz', '--dump', 'mine');
    expect([code, stderr.includes('Error')]).toEqual([0, false]);
    const kept = await documentsOf('runs/fineweb-edu', 'mine');
    expect(kept.length).toBeGreaterThan(8);
    expect(kept.every(({ url, metadata }) => url?.includes('novel') && Number(metadata.int_score) >= 3)).toBe(true);
    const learned = (await funnelOf('runs/fineweb-edu')).stages.find(({ step }) => step === 'learned-quality')!;
    expect(learned.reasons[0]).toMatchObject({ reason: 'quality_score', documents: 6 });
    expect(learned.reasons[0].samples[0]).toMatchObject({ limit: 3, value: expect.any(Number) });
    const { report } = JSON.parse(readFileSync(join(folder, 'runs/fineweb-edu/quality.json'), 'utf8')) as { report: { binary: { f1: number } } };
    expect(report.binary.f1).toBeGreaterThan(0.9);
  }, 60_000); // prettier-ignore

  it('takes PDF files to FinePDFs’ columns', async () => {
    const { code, stderr } = await command('curate', 'finepdfs.yaml', 'pdfs', '--dump', 'folder', '--threads', '2');
    expect([code, stderr.includes('Error')]).toEqual([0, false]);
    const { stages, kept } = await funnelOf('runs/finepdfs');
    expect(kept).toBe(3);
    expect(stages.flatMap(({ reasons }) => reasons.map(({ reason }) => reason))).toContain('duplicate_bytes');
    const [file] = readdirSync(join(folder, 'runs/finepdfs/output/folder/documents'));
    expect(readFileSync(join(folder, 'runs/finepdfs/output/folder/documents', file)).subarray(0, 4).toString()).toBe('PAR1');
  }, 60_000); // prettier-ignore

  it('takes the PDF files out of WARC files, and counts damaged records', async () => {
    const { code, stdout, stderr } = await command('curate', 'finepdfs.yaml', 'pdfs.warc.gz', '--runs', 'archive');
    expect([code, stderr.includes('Error')]).toEqual([0, false]);
    expect(stdout).toMatch(/^CC-MAIN-2024-18 {2}3 read, 2 after filters, 2 without repeats, 2 kept/);
    const { stages } = await funnelOf('archive/finepdfs');
    expect(stages[0].reasons).toMatchObject([{ reason: 'damaged_record', documents: 1 }]);
  }, 60_000);

  it.each([
    { change: ['crawl/two-0.warc.gz', 'crawl/none-*.warc.gz'], message: /two: crawl\/none-\*\.warc\.gz matches no file/ },
    { change: ['crawl/two-0.warc.gz', 'crawl'], message: /is a folder; name its files/ },
    { change: ['redactPii: true', 'quality: { labelled: tiny.yaml }'], message: /tiny\.yaml, line 1: expected/ },
    { change: ['redactPii: true', 'quality: { model: none.bin }'], message: /none\.bin/ },
  ])('refuses $change', async ({ change: [from, to], message }) => {
    writeFileSync(join(folder, 'tiny-bad.yaml'), readFileSync(join(folder, 'tiny.yaml'), 'utf8').replace(from, to).replace('name: tiny', 'name: bad'));
    const { code, stderr } = await command('curate', 'tiny-bad.yaml');
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  }); // prettier-ignore

  it('counts damaged records, or stops at the first when asked to', async () => {
    const damaged = join(folder, 'crawl/damaged.warc.gz');
    cpSync(join(folder, 'crawl/two-0.warc.gz'), damaged);
    truncateSync(damaged, readFileSync(damaged).length - 500);
    const skip = await command('curate', 'tiny.yaml', 'crawl/damaged.warc.gz', '--runs', 'damaged');
    expect(skip.stdout).toMatch(/^one {2}4 read, 3 after filters/);
    const strict = readFileSync(join(folder, 'tiny.yaml'), 'utf8').replace('onDamage: skip', 'onDamage: stop');
    writeFileSync(join(folder, 'strict.yaml'), strict);
    const stop = await command('curate', 'strict.yaml', 'crawl/damaged.warc.gz', '--runs', 'strict');
    expect([stop.code, stop.stderr]).toEqual([1, expect.stringContaining('is damaged')]);
  });

  it('refuses bad usage', async () => {
    expect(await command('curate')).toMatchObject({ code: 2, stderr: expect.stringContaining('curate takes a recipe') });
    expect(await command('curate', 'tiny.yaml', '--dump', 'x')).toMatchObject({ code: 2 });
    expect(await command('funnel', 'nowhere')).toMatchObject({ code: 1, stderr: expect.stringContaining('has no filtered/') });
    expect(await command('schema', 'curate')).toMatchObject({ code: 0, stdout: expect.stringContaining('"dumps"') });
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  }); // prettier-ignore
});
