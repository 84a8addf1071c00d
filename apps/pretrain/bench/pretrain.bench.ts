import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runSteps, type Steps } from '@smol/pipeline';
import { encodeWarcRecord, readWarc } from '@smol/web';
import { createSteps } from '../src/curate-worker.ts';
import { createSteps as createLastSteps } from '../src/finish-worker.ts';
import { samplePages, type SamplePage } from '../src/sample/pages.ts';
import { drawShares, timeSteps, writeSharesPicture, type StepTime } from './step-shares.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

/** Items a second: the median of three passes. */
async function rate(pass: () => Promise<number>): Promise<number> {
  const rates: number[] = [];
  for (let repeat = 0; repeat < 3; repeat++) {
    const start = performance.now();
    const items = await pass();
    rates.push(items / ((performance.now() - start) / 1000));
  }
  return rates.sort((a, b) => a - b)[1];
}

const SCRIPT = fileURLToPath(new URL('./datatrove_chain.py', import.meta.url));

/** Runs the peer's script; undefined where SMOL_PYTHON lacks datatrove, trafilatura, warcio or fasttext. */
function python(...parameters: string[]): string | undefined {
  const { status, stdout } = spawnSync(process.env.SMOL_PYTHON ?? 'python3', [SCRIPT, ...parameters], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout : undefined;
}

/** FineWeb's whole chain: addresses, main text, language, Gopher twice, C4, FineWeb's own rules, personal data. */
async function fineweb(lists: string[]): Promise<Steps> {
  const { read, steps } = await createSteps({
    kind: 'warc',
    filter: true,
    preset: 'fineweb-head',
    languages: ['en'],
    urls: { lists },
    onDamage: 'stop',
  });
  const { steps: last } = await createLastSteps({ redactPii: true, countTokens: false, preset: 'fineweb-head' });
  return { read, steps: [...steps, ...last] };
}

function writePages(path: string, pages: readonly SamplePage[]): void {
  const records = pages.map(({ url, html, contentType = 'text/html' }) =>
    encodeWarcRecord({
      url,
      date: '2024-01-31T12:00:00Z',
      payload: html,
      http: { headers: { 'Content-Type': contentType } },
      headers: { 'WARC-Identified-Payload-Type': contentType },
    }),
  );
  writeFileSync(path, Buffer.concat(records));
}

/** Where the language model of our side lies: the peer takes the same. */
function languageModel(): string {
  const here = createRequire(createRequire(import.meta.url).resolve('@smol/quality/package.json'));
  return join(dirname(here.resolve('fasttext.wasm.js')), '../models/language-identification/assets/lid.176.ftz');
}

/** Pages of an archive to kept documents on one core, beside datatrove with trafilatura, and what reading alone allows. */
export async function bench(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pretrain-bench-'));
  const path = join(folder, 'pages.warc.gz');
  const few = join(folder, 'few.warc.gz');
  const pages = samplePages([], 1);
  // Every third page: the peer takes most of a minute for them.
  const chosen = pages.filter((_, index) => index % 3 === 0);
  writePages(path, chosen);
  writePages(few, chosen.slice(0, 5));
  const hasLists = python('lists', folder) !== undefined;
  const chain = await fineweb(hasLists ? [folder] : []);
  let kept = 0;
  const ours = await rate(async () => {
    const run = runSteps(chain.read(path, { reached() {}, reportBytes() {} }), chain.steps);
    kept = 0;
    for await (const document of run) kept += document.text === '' ? 0 : 1;
    return run.counts.read;
  });
  const limit = await rate(async () => {
    let count = 0;
    for await (const record of readWarc(path)) count += Math.min(1, record.payload.length);
    return count;
  });
  const times = await timeSteps(path, chain);
  const answer = python('run', path, few, languageModel());
  rmSync(folder, { recursive: true });
  const theirs = answer === undefined ? null : (JSON.parse(answer) as { kept: number; seconds: number });
  const peerRate = theirs && chosen.length / theirs.seconds;
  const peer = theirs ? `datatrove with trafilatura, kept ${theirs.kept}` : 'datatrove (skipped: SMOL_PYTHON has none)';
  showShares(times, chosen.length);
  const total = times.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    row(`warc-to-kept, ${chosen.length} pages, kept ${kept}`, ours, 'pages/s', peer, peerRate),
    row('warc-to-kept', ours, 'pages/s', 'limit', limit),
    ...times.map(({ step, seconds }) => row(`warc-to-kept, time in ${step}`, seconds / total, 'share', 'limit', 1)),
  ];
}

function row(name: string, ours: number, unit: string, peer: string, peerValue: number | null): BenchRow {
  const ratio = peerValue === null ? null : ours / peerValue;
  return { bench: 'pretrain', case: name, ours, unit, peer, peerValue, ratio };
}

/** Bars on stderr; as a picture where SMOL_BENCH_PICTURE names a file. */
function showShares(times: readonly StepTime[], pages: number): void {
  writeSync(2, drawShares(times));
  const picture = process.env.SMOL_BENCH_PICTURE;
  if (picture) writeSharesPicture(picture, `Where the time of ${pages} pages goes, one core`, times);
}
