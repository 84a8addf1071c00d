import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { minHashFiles } from './minhash-files.ts';
import type { MinHashFilesOptions, MinHashFilesReport } from './minhash-files.ts';
import { planFiles } from './plan-files.ts';
import { checkClusteringMemory, defaultMemory, taskBytesOf } from './stage-memory.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stage-memory-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const word = (number: number) => (Math.imul(number, 0x9e3779b1) >>> 16).toString(26).replace(/\d/g, 'q');
const line = (id: number, words: number) =>
  `{"id":"d${id}","text":"${Array.from({ length: words }, (_, place) => word(id * words + place)).join(' ')}"}\n`;
const lines = (count: number, words: number) =>
  Buffer.concat(Array.from({ length: count }, (_, id) => Buffer.from(line(id, words))));

/** What a process of its own has taken at most, and the largest figure it was told beforehand; in bytes. */
function peakOf(options: MinHashFilesOptions): { peak: number; stated: number } {
  const script = `
    import { minHashFiles } from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
    let stated = 0;
    const onStage = ({ memory }) => (stated = Math.max(stated, memory));
    await minHashFiles({ ...${JSON.stringify(options)}, onStage });
    console.log(JSON.stringify({ peak: 1024 * process.resourceUsage().maxRSS, stated }));`;
  const answer = execFileSync(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(answer.toString()) as { peak: number; stated: number };
}

/** What the program has taken at most, in bytes. */
function peakOfProgram(args: readonly string[]): number {
  const tell = 'process.on("exit",()=>console.log(1024*process.resourceUsage().maxRSS))';
  const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  const answer = execFileSync(process.execPath, ['--import', `data:text/javascript,${tell}`, program, ...args]);
  return Number(answer.toString());
}

describe('the memory of an out-of-core run', () => {
  const leastFor = (workers: number) => (128 + workers * (64 + 16)) * 2 ** 20;

  it.each([
    { name: 'many short documents', file: 'short.jsonl', count: 24_000, words: 40, workers: 2 },
    { name: 'many short documents in one thread', file: 'short.jsonl', count: 20_000, words: 40, workers: 1 },
    { name: 'documents of several kB, compressed', file: 'long.jsonl.gz', count: 1000, words: 900, workers: 2 },
    { name: 'a few of 1 MB', file: 'longest.jsonl', count: 6, words: 200_000, workers: 2 },
  ])('stays within the setting for the whole process: $name', { tags: ['slow'] }, ({ file, count, words, workers }) => {
    const content = lines(count, words);
    const input = join(folder, file);
    writeFileSync(input, file.endsWith('.gz') ? gzipSync(content, { level: 1 }) : content);
    const memory = leastFor(workers);
    const options = { inputs: [input], folder: join(folder, 'out'), workers, memory, partBytes: 2 ** 22 };
    const { peak, stated } = peakOf(options);
    expect(stated).toBe(memory);
    expect(peak).toBeLessThan(memory);
  });

  it('stays within the setting, and ten times the longest line, for a line of 1 GB', { tags: ['slow'] }, () => {
    const input = join(folder, 'in.jsonl.gz');
    const [first, last] = [gzipSync(lines(100, 40)), gzipSync(`\n${line(100, 40)}`)];
    const start = gzipSync('{"text":"');
    const part = gzipSync(Buffer.alloc(2 ** 26, 'long line '), { level: 1 });
    writeFileSync(input, Buffer.concat([first, start, ...Array.from({ length: 16 }, () => part), last]));
    const longestLine = 2 ** 23;
    const options = { inputs: [input], folder: join(folder, 'out'), memory: leastFor(1), longestLine };
    const { peak } = peakOf(options);
    expect(peak).toBeLessThan(options.memory + 10 * longestLine);
    const report = JSON.parse(readFileSync(join(folder, 'out', 'report.json'), 'utf8')) as MinHashFilesReport;
    expect(report.counts).toMatchObject({ read: 102, documents: 101, broken: 1, kept: 101 });
    expect(report.inputs[0].problems).toEqual([{ line: 101, problem: 'line too long' }]);
  });

  it.each([1, 2])('is within what decontaminate says: %i workers', { tags: ['slow'] }, (workers) => {
    const [input, tests, output] = ['in.jsonl', 'tests.jsonl', 'out'].map((name) => join(folder, name));
    writeFileSync(input, lines(3000, 900));
    writeFileSync(tests, lines(2000, 60));
    const memory = 136 + 64 * workers;
    const options = ['--workers', String(workers), '--memory', `${memory}M`, '--ngram', '50', '-q'];
    const peak = peakOfProgram(['decontaminate', input, '--against', tests, '-o', output, ...options]);
    expect(peak).toBeLessThan(memory * 2 ** 20);
  });

  it('is stated by the plan, stage by stage, and by default grows with the workers', async () => {
    const input = join(folder, 'in.jsonl');
    writeFileSync(input, lines(100, 40));
    const { memory } = await planFiles({ inputs: [input], workers: 2 });
    const without = 256 * 2 ** 20;
    expect(memory).toEqual({
      signatures: 512 * 2 ** 20,
      matching: 512 * 2 ** 20,
      clustering: without + 12 * 101,
      filtering: without,
      joining: without,
    });
    expect(defaultMemory(8)).toBe((512 + 6 * 192) * 2 ** 20);
  });

  it('is refused where it is too little, with what it must be', async () => {
    expect(() => taskBytesOf(leastFor(4) - 4, 4)).toThrow(`memory must be at least ${leastFor(4)} bytes for 4 workers`);
    const options = { inputs: [import.meta.filename], folder, workers: 4, memory: 10 ** 8 };
    await expect(minHashFiles(options)).rejects.toMatchObject({ code: 'OUT_OF_MEMORY' });
    await expect(planFiles({ inputs: options.inputs, workers: 4, memory: 10 ** 8 })).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
    });
  });

  it('is looked at again when the documents are counted, as clustering takes 12 bytes for each', () => {
    const needs = { stage: 'clustering', workers: 2, taskBytes: 2 ** 27 } as const;
    const allowed = defaultMemory(2);
    expect(() => checkClusteringMemory({ ...needs, documents: 22e6 }, allowed)).not.toThrow();
    expect(() => checkClusteringMemory({ ...needs, documents: 23e6 }, allowed)).toThrow(/takes 544435468 bytes/);
    expect(() => checkClusteringMemory({ ...needs, documents: 2 ** 32 - 1 }, Infinity)).toThrow(/at most 4294967294/);
  });
});
