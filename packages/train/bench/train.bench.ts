/** What the Trainer adds to the bare step, and how fast a checkpoint is written, both as a share of what is possible. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { SmolLM } from '@smol/model';
import { AdamW } from '@smol/optim-muon';
import * as tf from '@tensorflow/tfjs-core';
import { Trainer, type Batch, type Checkpoint } from '../src/index.ts';
import { noRollbacks } from '../src/rollback.ts';
import { saveCheckpoint } from '../src/node.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const steps = 24;
const [rows, sequenceLength, vocabulary] = [4, 64, 512];
const config = {
  model_type: 'smollm3',
  vocab_size: vocabulary,
  hidden_size: 64,
  intermediate_size: 172,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  num_key_value_heads: 2,
};

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

function makeBatch(): Batch {
  const ids = Int32Array.from({ length: rows * sequenceLength }, (_, index) => (index * 7919) % vocabulary);
  return { inputs: ids, targets: ids, segments: new Int32Array(ids.length), rows, sequenceLength };
}

/** Median milliseconds of forward, backward and update with nothing around them. */
function bareStep(): number {
  const model = SmolLM.initialize(config, { seed: 1 });
  const optimizer = new AdamW(model.parameters, { learningRate: 1e-3 });
  const ids = (values: Int32Array) => tf.tensor2d(values, [rows, sequenceLength], 'int32');
  const times = Array.from({ length: steps }, () => {
    const started = performance.now();
    tf.tidy(() => {
      const { inputs, targets, segments } = makeBatch();
      const batch = { inputs_BT: ids(inputs), targets_BT: ids(targets), segmentIds_BT: ids(segments) };
      const { value, grads } = tf.variableGrads(() => model.loss(batch), [...model.parameters.values()]);
      optimizer.step(new Map([...model.parameters].map(([name, variable]) => [name, grads[variable.name]])));
      value.dataSync();
    });
    return performance.now() - started;
  });
  return median(times.slice(2));
}

/** Median milliseconds of a Trainer's step: the same with max logits, norm, guards, clipping and metrics. */
async function trainerStep(): Promise<number> {
  const model = SmolLM.initialize(config, { seed: 1 });
  const times: number[] = [];
  const trainer = new Trainer({
    model,
    optimizers: [new AdamW(model.parameters, { learningRate: 1e-3 })],
    loader: { next: makeBatch, state: () => ({}), restore: () => {} },
    totalSteps: steps,
    sinks: [{ name: 'times', write: ({ timing }) => void times.push(1000 * timing.seconds) }],
  });
  await trainer.run();
  return median(times.slice(2));
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await run();
    times.push((performance.now() - started) / 1000);
  }
  return median(times);
}

/** MB/s of a checkpoint (written, checksummed, flushed, renamed), against writing and flushing the same bytes. */
async function checkpointSpeed(): Promise<{ ours: number; limit: number; megabytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-train-bench-'));
  const weight = tf.randomNormal([2048, 2048]);
  const bytes = new Uint8Array((weight.dataSync() as Float32Array).buffer);
  const checkpoint: Checkpoint = {
    state: {
      version: 2,
      best: null,
      rollbacks: noRollbacks,
      loaderStage: null,
      step: 1,
      tokens: 0,
      skippedSteps: 0,
      loss: 0,
      evaluatedStep: 0,
      settings: {},
      config: null,
      loader: {},
      guard: {},
      clip: {},
      sinks: {},
    },
    model: new Map([['w', weight]]),
    optimizer: new Map(['m', 'v'].map((name) => [name, weight])),
  };
  const plain = async () => {
    const file = await open(join(folder, 'plain'), 'w');
    for (let copy = 0; copy < 3; copy++) await file.write(bytes);
    await file.sync();
    await file.close();
  };
  const megabytes = (3 * bytes.length) / 1e6;
  const [own, raw] = [
    await seconds(() => saveCheckpoint(join(folder, 'checkpoints'), checkpoint)),
    await seconds(plain),
  ];
  await rm(folder, { recursive: true });
  return { ours: megabytes / own, limit: megabytes / raw, megabytes };
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  bareStep(); // warms up kernels and compiler
  const [bare, trained] = [bareStep(), await trainerStep()];
  const { ours, limit, megabytes } = await checkpointSpeed();
  engine.close();
  const row = (name: string, unit: string, value: number, peerValue: number, ratio: number): BenchRow => ({
    bench: 'train',
    case: name,
    ours: value,
    unit,
    peer: 'limit',
    peerValue,
    ratio,
  });
  return [
    row(
      `Trainer step, 4 layers of width 64, ${rows * sequenceLength} tokens, wasm`,
      'ms',
      trained,
      bare,
      bare / trained,
    ),
    row(`checkpoint of ${megabytes.toFixed(0)} MB`, 'MB/s', ours, limit, ours / limit),
  ];
}
