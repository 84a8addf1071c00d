// node scripts/bench-llama-cpp.mjs FILE.gguf PROMPT NEW ROUNDS: llama.cpp's tokens a second for a prompt and after it, as JSON.
import { availableParallelism } from 'node:os';
import { loadLlamaCpp } from './node-llama-cpp.mjs';

const [path, ...numbers] = process.argv.slice(2);
const [prompt, count, rounds] = numbers.map(Number);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const llama = await loadLlamaCpp();
const start = performance.now();
const model = await llama.loadModel({ modelPath: path });
const loadMilliseconds = performance.now() - start;
const context = await model.createContext({
  contextSize: prompt + count + 8,
  batchSize: prompt,
  threads: { min: availableParallelism() },
});
const sequence = context.getSequence();
const results = [];
for (let round = 0; round <= rounds; round++) {
  await sequence.clearHistory();
  const ids = Array.from({ length: prompt }, (_, index) => (index * 7919 + round * 31) % 49_152);
  const times = [performance.now()];
  for await (const _ of sequence.evaluate(ids, { temperature: 0, yieldEogToken: true })) {
    times.push(performance.now());
    if (times.length > count) break;
  }
  results.push({
    prefill: (prompt * 1000) / (times[1] - times[0]),
    decode: ((times.length - 2) * 1000) / (times.at(-1) - times[1]),
  });
}
const warm = results.slice(1);
console.log(
  JSON.stringify({
    prefill: median(warm.map((r) => r.prefill)),
    decode: median(warm.map((r) => r.decode)),
    loadMilliseconds,
  }),
);
process.exit(0);
