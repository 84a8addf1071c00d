// Time and memory of the built package out of core, by number of documents:
//   node scripts/scaling.mjs [--documents 100000,1000000] [--words 40] [--equal] [--workers 2] [--memory 512] [--preset fineweb] [--folder DIR]
// Writes documents of so many words, of which each tenth is a copy of an earlier one with one word changed, runs all stages
// in a process of its own, and prints a line for each number. With --equal all documents are the same: one giant cluster.
// 10 million documents of 40 words need 20 GB of disk.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    documents: { type: 'string', default: '100000,1000000' },
    words: { type: 'string', default: '40' },
    equal: { type: 'boolean', default: false },
    workers: { type: 'string', default: '2' },
    memory: { type: 'string', default: '512' },
    preset: { type: 'string', default: 'fineweb' },
    folder: { type: 'string', default: tmpdir() },
    run: { type: 'string' },
  },
});

const VOCABULARY = Array.from(
  { length: 20_000 },
  (_, index) => `w${index.toString(36).replace(/\d/g, (digit) => 'ghijklmnop'[digit])}`,
);

/** Words of a document, the same for the same number. */
function wordsOf(number, length) {
  let state = Math.imul(number + 1, 0x9e3779b1) >>> 0;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return VOCABULARY[(state >>> 8) % VOCABULARY.length];
  });
}

function writeDocuments(path, count, length) {
  const file = openSync(path, 'w');
  let lines = '';
  for (let id = 0; id < count; id++) {
    const isCopy = id % 10 === 9 && !values.equal;
    const words = wordsOf(values.equal ? 0 : isCopy ? id - 9 : id, length);
    if (isCopy) words[id % length] = 'changed';
    lines += `{"id":"d${id}","text":"${words.join(' ')}"}\n`;
    if (lines.length < 1 << 20 && id + 1 < count) continue;
    writeSync(file, lines);
    lines = '';
  }
  closeSync(file);
}

/** In a process of its own, as its memory is what is asked for. */
async function runOnce(options) {
  const { minHashFiles } = await import('../dist/index.js');
  const start = performance.now();
  const { counts } = await minHashFiles(options);
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const seconds = (performance.now() - start) / 1000;
  process.stdout.write(
    JSON.stringify({ seconds, cpu: (userCPUTime + systemCPUTime) / 1e6, peak: maxRSS / 1e3, ...counts }),
  );
}

function measure(count) {
  const folder = mkdtempSync(join(values.folder, 'dedup-scaling-'));
  try {
    const input = join(folder, 'in.jsonl');
    writeDocuments(input, count, Number(values.words));
    const options = {
      inputs: [input],
      folder: join(folder, 'out'),
      preset: values.preset,
      workers: Number(values.workers),
      memory: Number(values.memory) * 2 ** 20,
    };
    const answer = execFileSync(process.execPath, [fileURLToPath(import.meta.url), '--run', JSON.stringify(options)]);
    return { ...JSON.parse(answer.toString()), megabytes: statSync(input).size / 1e6 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (values.run) await runOnce(JSON.parse(values.run));
else {
  console.log('documents  input MB  seconds  documents/s  processor s  µs/document  peak MB  kept');
  for (const count of values.documents.split(',').map(Number)) {
    const { seconds, cpu, peak, megabytes, read, kept, removed } = measure(count);
    if (kept + removed !== read || read !== count)
      throw new Error(`lost documents: ${read} read, ${kept} kept, ${removed} removed`);
    const columns = [count, megabytes.toFixed(0), seconds.toFixed(1), (count / seconds).toFixed(0), cpu.toFixed(1)];
    const [, ...widths] = [0, 9, 10, 9, 13, 13, 13, 9, 9];
    const cells = [...columns, ((1e6 * cpu) / count).toFixed(1), peak.toFixed(0), kept];
    console.log(cells.map((cell, index) => String(cell).padStart(widths[index])).join(''));
  }
}
