// node scripts/llama-cpp.mjs: trains a small SmolLM3 on this repository's documentation, saves it as GGUF in every type, and compares
// llama.cpp with this package: tokens of texts, greedy continuations, log-probabilities, perplexity. Prints "ok …" and "FAIL …".
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { loadGgufModel, measureQuantization, saveGgufModel } from '@smol/model/node';
import { adamwStep } from '@smol/ops';
import { SMOLLM3_CHAT_TEMPLATE, Tokenizer, trainBpe } from '@smol/tokenizer';
import * as tf from '@tensorflow/tfjs-core';
import { loadLlamaCpp } from './node-llama-cpp.mjs';

const STEPS = Number(process.env.SMOL_STEPS ?? 200);
const [ROWS, TIME] = [8, 128];
const TYPES = ['F32', 'F16', 'BF16', 'Q8_0', 'Q4_0', 'Q4_K'];
/** llama.cpp keeps keys and values in f16, and rounds what it multiplies with quantized weights to 8 bits. */
const LIMITS = { F32: 0.03, F16: 0.05, BF16: 0.2, Q8_0: 0.4, Q4_0: 0.6, Q4_K: 0.6 };
const root = join(import.meta.dirname, '../../..');
const check = (isTrue, text) => console.log(`${isTrue ? 'ok  ' : 'FAIL'} llama.cpp: ${text}`);

function texts() {
  const rooms = readdirSync(join(root, 'packages'));
  const files = ['ARCHITECTURE.md', 'docs/log.md', ...rooms.map((room) => `packages/${room}/README.md`)];
  const all = files.map((file) => readFileSync(join(root, file), 'utf8'));
  const heldOut = readFileSync(join(root, 'packages/tokenizer/README.md'), 'utf8');
  return { training: all.filter((text) => text !== heldOut).join('\n\n'), heldOut };
}

const ids = (rows) => tf.tensor2d(rows, [rows.length, rows[0].length], 'int32');

/** A few minutes of AdamW, so that predictions have an opinion. */
function train(model, tokens) {
  const zeros = () => new Map([...model.parameters].map(([name, variable]) => [name, tf.zeros(variable.shape)]));
  const [m, v] = [zeros(), zeros()];
  for (let step = 1; step <= STEPS; step++) {
    const starts = Array.from({ length: ROWS }, (_, row) => ((step * ROWS + row) * 7919) % (tokens.length - TIME - 1));
    const [inputs_BT, targets_BT] = [0, 1].map((shift) =>
      ids(starts.map((start) => Array.from(tokens.subarray(start + shift, start + shift + TIME)))),
    );
    const { value, grads } = tf.variableGrads(() => model.loss({ inputs_BT, targets_BT }));
    const corrections = { correction1: 1 - 0.9 ** step, correction2: 1 - 0.95 ** step };
    const options = {
      learningRate: 3e-3 * Math.min(1, step / 20, (STEPS - step + 1) / 50),
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-8,
      weightDecay: 0,
    };
    for (const [name, parameter] of model.parameters) {
      const tensors = { parameter, m: m.get(name), v: v.get(name), gradient: grads[parameter.name] };
      const next = adamwStep(tensors, { ...options, ...corrections });
      tf.dispose([tensors.m, tensors.v, tensors.gradient]);
      parameter.assign(next.parameter);
      next.parameter.dispose();
      m.set(name, next.m);
      v.set(name, next.v);
    }
    if (step % 50 === 0) console.error(`step ${step}: loss ${value.dataSync()[0].toFixed(3)}`);
    tf.dispose([value, inputs_BT, targets_BT]);
  }
}

/** ln p of every token at every position, `[T][V]`. */
const logProbabilities = (model, row) => tf.tidy(() => tf.logSoftmax(model.logits(ids([row]))).arraySync()[0]);

const perplexity = (rows, at) => {
  const terms = rows.flatMap((row, index) => row.slice(1).map((id, position) => at(index, position, id)));
  return Math.exp(-terms.reduce((sum, term) => sum + term, 0) / terms.length);
};

async function evaluate(sequence, row) {
  await sequence.clearHistory();
  const outputs = await sequence.controlledEvaluate(row.map((id) => [id, { generateNext: { probabilities: true } }]));
  return outputs.map(({ next }) => next.probabilities);
}

async function greedy(sequence, prompt, count) {
  await sequence.clearHistory();
  const made = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    made.push(token);
    if (made.length >= count) break;
  }
  return made;
}

async function compare(llama, model, tokenizer, path, type, rows, samples) {
  const errors = await saveGgufModel(model, path, {
    type,
    tokenizer: { tokenizerJson: tokenizer.toJson(), chatTemplate: SMOLLM3_CHAT_TEMPLATE },
  });
  const { model: ours, tokenizer: back } = await loadGgufModel(path);
  const theirs = await llama.loadModel({ modelPath: path });
  const context = await theirs.createContext({ contextSize: 512, batchSize: 256, flashAttention: false });
  const sequence = context.getSequence();
  const again = Tokenizer.fromJson(back.tokenizerJson);
  const same = samples.every((text) => {
    const expected = tokenizer.encode(text, { allowedSpecial: 'all' }).join();
    return (
      theirs.tokenize(text, true).join() === expected &&
      again.encode(text, { allowedSpecial: 'all' }).join() === expected
    );
  });
  check(same, `${type}: ${samples.length} texts have the same tokens there, and in the tokenizer read back`);

  const ourRows = rows.map((row) => logProbabilities(ours, row));
  const theirRows = [];
  for (const row of rows) theirRows.push(await evaluate(sequence, row));
  let worst = 0;
  for (const [index, row] of theirRows.entries()) {
    for (const [position, probabilities] of row.entries()) {
      for (const [id, p] of probabilities)
        if (p > 1e-3) worst = Math.max(worst, Math.abs(Math.log(p) - ourRows[index][position][id]));
    }
  }
  check(
    worst < LIMITS[type],
    `${type}: log-probabilities of all likely tokens within ${worst.toFixed(4)} of ours from the same file (limit ${LIMITS[type]})`,
  );

  const theirPerplexity = perplexity(rows, (index, position, id) => Math.log(theirRows[index][position].get(id)));
  const ourPerplexity = perplexity(rows, (index, position, id) => ourRows[index][position][id]);
  const batches = rows.map((row) => ({ inputs_BT: ids([row.slice(0, -1)]), targets_BT: ids([row.slice(1)]) }));
  const { lossBefore, lossAfter } = await measureQuantization(model, type, batches);
  const [original, stated] = [Math.exp(lossBefore), Math.exp(lossAfter)];
  const share = (a, b) => `${(100 * (a / b - 1)).toFixed(3)} %`;
  check(
    Math.abs(ourPerplexity / stated - 1) < 1e-4,
    `${type}: the file read back has the perplexity measureQuantization states, ${stated.toFixed(4)} (${share(stated, original)} above the model's ${original.toFixed(4)})`,
  );
  const isExact = type === 'F32' || type === 'F16';
  const deviation = Math.abs(theirPerplexity / (isExact ? original : stated) - 1);
  check(
    deviation < 0.005,
    `${type}: perplexity ${theirPerplexity.toFixed(4)} there, ${share(theirPerplexity, isExact ? original : stated)} from ${isExact ? "the model's" : 'what is stated'}`,
  );

  const counts = [];
  for (const row of rows) {
    const prompt = row.slice(0, 24);
    const [there, here] = [
      await greedy(sequence, prompt, 32),
      await ours.generate(prompt, { maxNewTokens: 32, temperature: 0, stopIds: [] }),
    ];
    const first = there.findIndex((id, index) => id !== here[index]);
    counts.push(first < 0 ? 32 : first);
  }
  const all = counts.reduce((sum, count) => sum + count, 0);
  const needed = isExact || type === 'BF16' ? rows.length * 32 : rows.length * 16;
  check(
    all >= needed,
    `${type}: greedy tokens equal ours from the same file until the first difference: ${counts.join(', ')} of 32`,
  );
  const relative = Math.max(...errors.map(({ relativeError }) => relativeError));
  console.error(`${type}: largest relative error of a tensor ${relative.toExponential(2)}`);
  await context.dispose();
  await theirs.dispose();
  ours.dispose();
}

const engine = await useEngine('auto');
const llama = await loadLlamaCpp();
const { training, heldOut } = texts();
const specialTokens = ['<|begin|>', '<|im_start|>', '<|im_end|>'];
const config = { bosToken: '<|begin|>', eosToken: '<|im_end|>', chatTemplate: SMOLLM3_CHAT_TEMPLATE };
const tokenizer = await trainBpe([training], { vocabularySize: 1024, pattern: 'llama3', specialTokens, config });
const shape = {
  model_type: 'smollm3',
  vocab_size: 1024,
  hidden_size: 256,
  intermediate_size: 512,
  num_hidden_layers: 5,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  rope_theta: 50_000,
  max_position_embeddings: 512,
  bos_token_id: 0,
  eos_token_id: 2,
  pad_token_id: 2,
};
const model = SmolLM.initialize(shape, { seed: 1 });
train(model, tokenizer.encode(training));
const held = tokenizer.encode(heldOut);
const rows = [0, 1, 2, 3].map((index) => Array.from(held.subarray(index * 300, index * 300 + 200)));
const samples = [
  "I've 1234567 go!!\n\n  x",
  'naïve 日本語 😀\u200d👩 \t\r\n ',
  '<|im_start|>user\nHi<|im_end|>\n',
  "HELLO'S we'LL  trailing  ",
  heldOut.slice(0, 2000),
];
const folder = mkdtempSync(join(tmpdir(), 'smol-llama-cpp-'));
try {
  for (const type of TYPES) await compare(llama, model, tokenizer, join(folder, `${type}.gguf`), type, rows, samples);
  const scaling = {
    rope_type: 'llama3',
    factor: 4,
    low_freq_factor: 1,
    high_freq_factor: 4,
    original_max_position_embeddings: 64,
  };
  const plain = SmolLM.initialize(
    { ...shape, model_type: 'llama', tie_word_embeddings: false, rope_scaling: scaling, initializer_range: 0.06 },
    { seed: 2 },
  );
  await saveGgufModel(plain, join(folder, 'llama.gguf'), {
    type: 'F32',
    tokenizer: { tokenizerJson: tokenizer.toJson() },
  });
  const theirs = await llama.loadModel({ modelPath: join(folder, 'llama.gguf') });
  const context = await theirs.createContext({ contextSize: 512, batchSize: 256, flashAttention: false });
  const there = await evaluate(context.getSequence(), rows[0]);
  const here = logProbabilities(plain, rows[0]);
  const worst = Math.max(
    ...there.flatMap((row, position) =>
      [...row].filter(([, p]) => p > 1e-3).map(([id, p]) => Math.abs(Math.log(p) - here[position][id])),
    ),
  );
  check(worst < 0.03, `llama, untied, Llama 3's rope, F32: log-probabilities within ${worst.toFixed(4)}`);
} finally {
  rmSync(folder, { recursive: true });
  engine.close();
}
process.exit(0);
