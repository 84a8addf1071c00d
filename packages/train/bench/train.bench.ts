/** What the Trainer adds to forward and backward, what Muon takes of a step, and how fast a checkpoint is written. */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import { parameterShapes, presetConfig, SmolLM } from '@smol/model';
import { variableGradients } from '@smol/ops';
import { AdamW, Muon, splitParameters } from '@smol/optim-muon';
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

const [rows, sequenceLength, vocabulary] = [8, 128, 1024];

/** A SmolLM3 of four layers of heads of 32. */
const configOf = (width: number) => ({
  model_type: 'smollm3',
  vocab_size: vocabulary,
  hidden_size: width,
  intermediate_size: 3 * width,
  num_hidden_layers: 4,
  num_attention_heads: width / 32,
  num_key_value_heads: width / 64,
});

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function makeBatch(): Batch {
  const ids = Int32Array.from({ length: rows * sequenceLength }, (_, index) => (index * 7919) % vocabulary);
  return { inputs: ids, targets: ids, segments: new Int32Array(ids.length), rows, sequenceLength };
}

function timed(run: () => void): number {
  const startedAt = performance.now();
  tf.tidy(run);
  return performance.now() - startedAt;
}

/** Forward and backward with nothing around them; the gradients can be kept. */
function forwardBackward(model: SmolLM): Map<string, tf.Tensor> {
  const { inputs, targets, segments } = makeBatch();
  const ids = (values: Int32Array) => tf.tensor2d(values, [rows, sequenceLength], 'int32');
  const batch = { inputs_BT: ids(inputs), targets_BT: ids(targets), segmentIds_BT: ids(segments) };
  const { value, grads } = variableGradients(() => model.loss(batch), [...model.parameters.values()]);
  value.dataSync();
  return new Map([...model.parameters].map(([name, variable]) => [name, grads[variable.name]]));
}

/** Milliseconds of a Trainer's step, and of forward and backward alone in the same moments of the machine. */
async function overhead(): Promise<{ step: number; bare: number }> {
  const model = SmolLM.initialize(configOf(128), { seed: 1 });
  const [steps, bares]: [number[], number[]] = [[], []];
  await new Trainer({
    model,
    optimizers: [new AdamW(model.parameters, { learningRate: 1e-4 })],
    loader: { next: makeBatch, state: () => ({}), restore: () => {} },
    totalSteps: 12,
    sinks: [
      {
        name: 'times',
        write({ timing }) {
          steps.push(1000 * timing.seconds);
          bares.push(timed(() => forwardBackward(model)));
        },
      },
    ],
  }).run();
  model.dispose();
  return { step: median(steps.slice(3)), bare: median(bares.slice(3)) };
}

/** Tokens of a batch by StepLaw (arXiv 2503.04715), 0.58·D^0.571, at 20 tokens D a parameter. */
const lawfulBatch = (parameters: number) => 0.58 * (20 * parameters) ** 0.571;

/** Muon's share of a step with the batch that a model of this width wants, made of micro-batches. */
function muonShare(width: number): { share: number; tokens: number } {
  const model = SmolLM.initialize(configOf(width), { seed: 1 });
  const { muon: matrices } = splitParameters(model.parameters);
  const muon = new Muon(matrices, { learningRate: 1e-4, scaling: 'moonlight' });
  const gradients = forwardBackward(model);
  const microBatch = median(Array.from({ length: 4 }, () => timed(() => forwardBackward(model))).slice(1));
  const update = median(Array.from({ length: 4 }, () => timed(() => muon.step(gradients))).slice(1));
  const parameters = [...matrices.values()].reduce((sum, { size }) => sum + size, 0);
  const tokens = lawfulBatch(parameters);
  const backward = (microBatch * tokens) / (rows * sequenceLength);
  muon.dispose();
  model.dispose();
  tf.dispose([...gradients.values()]);
  return { share: update / (update + backward), tokens };
}

/** Seconds for a checkpoint of SmolLM2-135M with AdamW's moments, and for writing and flushing as many bytes. */
async function checkpointSpeed(): Promise<{ own: number; plain: number; gigabytes: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'smol-train-bench-'));
  const shapes = [...parameterShapes(presetConfig('smollm2-135m'))];
  const model = new Map(shapes.map(([name, shape]) => [name, tf.fill([...shape], 0.5)]));
  const optimizer = new Map(
    [...model].flatMap(([name, tensor]) => ['m', 'v'].map((slot) => [`adamw/${name}.${slot}`, tensor] as const)),
  );
  const checkpoint: Checkpoint = { state: emptyState, model, optimizer };
  const bytes = 12 * shapes.reduce((sum, [, shape]) => sum + shape.reduce((product, length) => product * length, 1), 0);
  const chunk = new Uint8Array(2 ** 24).fill(7);
  const writePlain = async () => {
    const file = await open(join(folder, 'plain'), 'w');
    for (let written = 0; written < bytes; written += chunk.length)
      await file.write(chunk, 0, Math.min(chunk.length, bytes - written));
    await file.sync();
    await file.close();
  };
  const seconds = async (run: () => Promise<unknown>) => {
    const startedAt = performance.now();
    await run();
    return (performance.now() - startedAt) / 1000;
  };
  const [owns, plains]: [number[], number[]] = [[], []];
  for (let round = 0; round < 2; round++) {
    plains.push(await seconds(writePlain));
    await rm(join(folder, 'plain'));
    owns.push(await seconds(() => saveCheckpoint(folder, checkpoint)));
    await rm(join(folder, 'step-00000001'), { recursive: true });
  }
  await rm(folder, { recursive: true });
  tf.dispose([...model.values()]);
  return { own: Math.min(...owns), plain: Math.min(...plains), gigabytes: bytes / 1e9 };
}

const emptyState: Checkpoint['state'] = {
  version: 2,
  step: 1,
  tokens: 0,
  skippedSteps: 0,
  loss: 0,
  evaluatedStep: 0,
  best: null,
  rollbacks: noRollbacks,
  settings: {},
  config: null,
  loader: {},
  loaderStage: null,
  guard: {},
  clip: {},
  sinks: {},
};

/** A share in per cent that must stay below a limit: the ratio is above 1 when it does. */
function share(name: string, ours: number, limit: number): BenchRow {
  return {
    bench: 'train',
    case: name,
    ours: 100 * ours,
    unit: '% of a step',
    peer: 'limit',
    peerValue: limit,
    ratio: limit / (100 * ours),
  };
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  const { step, bare } = await overhead();
  const widths = [128, 256, 512].map((width) => ({ width, ...muonShare(width) }));
  engine.close();
  await useEngine('cpu');
  const { own, plain, gigabytes } = await checkpointSpeed();
  return [
    share(
      `overhead: all besides forward and backward, width 128, ${rows * sequenceLength} tokens`,
      Math.max(0, 1 - bare / step),
      10,
    ),
    ...widths.map(({ width, share: part, tokens }) =>
      share(`muon-share: width ${width}, batch of ${(tokens / 1000).toFixed(1)}k tokens`, part, 25),
    ),
    {
      bench: 'train',
      case: `checkpoint: 135M with AdamW, ${gigabytes.toFixed(2)} GB; limit: 1.5 × writing the bytes`,
      ours: own,
      unit: 's',
      peer: 'limit',
      peerValue: 1.5 * plain,
      ratio: (1.5 * plain) / own,
    },
  ];
}
