// Compares two ways to a teacher cache on the first tokens of a run's shard: its model by the engine here, and the same model as a
// GGUF file by llama.cpp. Needs a build, a run folder, and node-llama-cpp, whose folder may be named by SMOL_NODE_LLAMA_CPP.
//   node apps/pretrain/scripts/compare-llama-teacher.mjs runs/quickstart [--tokens 3000]
// Prints "ok …" or "FAIL …" a check.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ShardWriter, TokenShard } from '@smol/dataset';
import { TeacherCache } from '@smol/distill/node';
import { useEngine } from '@smol/engine';
import { convertModel } from '@smol/weights/node';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { tokens: { type: 'string', default: '3000' } },
});
const [run = 'runs/quickstart'] = positionals;
const cli = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'cli.js');
const folder = mkdtempSync(join(tmpdir(), 'smol-llama-teacher-'));
const check = (isTrue, text) => {
  console.log(`${isTrue ? 'ok  ' : 'FAIL'} ${text}`);
  if (!isTrue) process.exitCode = 1;
};

/** The whole documents at the beginning of the run's shard of pages. */
async function firstTokens() {
  const shard = TokenShard.open(join(run, 'tokens', 'pages.ds'));
  const path = join(folder, 'tokens', 'first.ds');
  const writer = new ShardWriter(path, { tokenSize: shard.metadata.tokenSize, tokenizer: 'tokenizer' });
  let tokens = 0;
  for (let index = 0; tokens < Number(values.tokens); index++) {
    const document = shard.readDocument(index);
    writer.append(document);
    tokens += document.length;
  }
  await writer.close();
  cpSync(join(run, 'tokenizer'), join(folder, 'tokenizer'), { recursive: true });
  return path;
}

function write(shard, teacher, output) {
  const words = ['--method', 'top-k', '--k', '10', '--window', '256', '--workers', '1', '--output', output];
  const started = performance.now();
  const { status } = spawnSync(process.execPath, [cli, 'distill-cache', shard, '--teacher', teacher, ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) process.exit(1);
  const cache = TeacherCache.open(join(output, 'first.ds.teacher'));
  return { cache, seconds: (performance.now() - started) / 1000 };
}

try {
  await useEngine('cpu');
  const shard = await firstTokens();
  const gguf = join(folder, 'teacher.gguf');
  await convertModel(join(run, 'model'), gguf, { type: 'F32' });
  const [ours, theirs] = [write(shard, run, join(folder, 'ours')), write(shard, gguf, join(folder, 'theirs'))];
  const { tokenCount } = ours.cache.description;
  const [a, b] = [ours, theirs].map(({ cache }) => cache.targets([0], tokenCount));
  const [p, q] = [a, b].map(({ logProbabilities_NK }) => logProbabilities_NK.arraySync());
  const [ids, others] = [a, b].map(({ ids_NK }) => ids_NK.arraySync());
  const same = ids.filter((row, index) => row[0] === others[index][0]).length / tokenCount;
  const distances = p.map((row, index) => Math.abs(row[0] - q[index][0])).sort((x, y) => x - y);
  const median = distances[tokenCount >> 1];
  check(same > 0.99, `${tokenCount} tokens: the likeliest id is the same at ${(100 * same).toFixed(2)} %`);
  check(
    median < 0.01,
    `its log-probability differs by ${median.toExponential(1)} nats in the median, ${distances.at(-1).toFixed(3)} at most`,
  );
  const rate = (seconds) => `${Math.round(tokenCount / seconds)} tokens a second, start included`;
  console.log(`     here ${rate(ours.seconds)}; llama.cpp ${rate(theirs.seconds)}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
