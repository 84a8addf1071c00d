// Runs a synthetic crawl of many gigabytes through readers and filters, and prints the most memory that it took:
//   node scripts/large-crawl.mjs [FOLDER] [GIGABYTES…]      (default: a temporary folder, 1 and 10)
// Each size is a process of its own. The crawl is one .jsonl.gz file, made of a megabyte of text a gzip member.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { filterStep, jsonlReader, runPipeline } from '@smol/pipeline';

const MEMBER_BYTES = 1 << 20;
/** Different members, written again and again. */
const MEMBERS = 64;
const WORDS =
  'the of and to in is that it was for on are with as his they be at one have this from by hot word but what some we can out other were all there when up use your how said an each she which do their time if will way about many then them write would like so these her long make thing see him two has look more day could go come did number sound no most people my over know water than call first who may down side been now find'.split(
    ' ',
  );

/** The steps that the workers run: FineWeb's heuristics. */
export async function createSteps() {
  const { c4Quality, finewebQuality, gopherQuality } = await import('@smol/quality');
  const filters = [gopherQuality(), c4Quality(), finewebQuality()];
  return { read: jsonlReader(), steps: filters.map((filter) => filterStep(filter)) };
}

/** Pages of some thousand characters; every eighth is too short to be kept. */
function makePage(seed, index) {
  let state = (seed * 7919 + index * 104_729 + 1) % 2_147_483_647;
  const random = (bound) => (state = (state * 48_271) % 2_147_483_647) % bound;
  const sentence = () => {
    const words = Array.from({ length: 6 + random(14) }, () => WORDS[random(WORDS.length)]);
    return `${words[0][0].toUpperCase()}${words.join(' ').slice(1)}.`;
  };
  const lines = Array.from({ length: index % 8 === 0 ? 2 : 20 + random(40) }, () => `${sentence()} ${sentence()}`);
  return {
    id: `${seed}-${index}`,
    text: lines.join('\n'),
    url: `https://example.org/${seed}/${index}`,
    metadata: { dump: 'synthetic' },
  };
}

function makeMember(seed) {
  let text = '';
  for (let index = 0; text.length < MEMBER_BYTES; index++) text += `${JSON.stringify(makePage(seed, index))}\n`;
  return { bytes: gzipSync(text), length: text.length };
}

function makeCrawl(path, bytes) {
  const members = Array.from({ length: MEMBERS }, (_, seed) => makeMember(seed));
  const file = openSync(path, 'w');
  for (let written = 0, at = 0; written < bytes; written += members[at++ % MEMBERS].length)
    writeSync(file, members[at % MEMBERS].bytes);
  closeSync(file);
}

async function runCrawl(input, outputFolder) {
  const start = performance.now();
  const report = await runPipeline({
    inputs: [input],
    stepsModule: import.meta.url,
    outputFolder,
    workers: 2,
    splitBytes: 64 << 20,
  });
  const seconds = (performance.now() - start) / 1000;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ read: report.read, kept: report.kept, tasks: report.tasks.length, seconds, megabytes }));
}

function measure(folder, gigabytes) {
  const input = join(folder, `${gigabytes}.jsonl.gz`);
  const output = join(folder, `out-${gigabytes}`);
  makeCrawl(input, gigabytes * 1e9);
  const result = JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--run', input, output], { encoding: 'utf8' }),
  );
  const { read, kept, tasks, seconds, megabytes } = result;
  console.log(
    `${gigabytes} GB of text, ${(statSync(input).size / 1e9).toFixed(2)} GB compressed, ${tasks} tasks: ${read} documents, ${kept} kept, ` +
      `${seconds.toFixed(0)} s, peak ${megabytes.toFixed(0)} MB of memory`,
  );
  rmSync(input);
  rmSync(output, { recursive: true });
}

if (isMainThread) {
  const [first, ...others] = process.argv.slice(2);
  if (first === '--run') await runCrawl(others[0], others[1]);
  else {
    const folder = first ?? mkdtempSync(join(tmpdir(), 'smol-large-crawl-'));
    mkdirSync(folder, { recursive: true });
    for (const gigabytes of others.length > 0 ? others.map(Number) : [1, 10]) measure(folder, gigabytes);
    if (first === undefined) rmSync(folder, { recursive: true });
  }
}
