/** A step of AdamW against tfjs's own Adam, and a step of Muon against the matrix products it cannot do without. */
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, Muon, type Optimizer } from '../src/index.ts';

interface BenchRow {
  bench: string;
  case: string;
  ours: number;
  unit: string;
  peer: string;
  peerValue: number | null;
  ratio: number | null;
}

const rounds = 7;
const matrices = 16;
const width = 256;
const newtonSchulzSteps = 5;

/** Median milliseconds, after one round to warm up. */
function time(run: () => void): number {
  const times = Array.from({ length: rounds + 1 }, () => {
    const started = performance.now();
    tf.tidy(run);
    return performance.now() - started;
  });
  return times.slice(1).sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

function row(name: string, ours: number, peer: string, peerValue: number): BenchRow {
  return { bench: 'optim-muon', case: name, ours, unit: 'ms', peer, peerValue, ratio: peerValue / ours };
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  const names = Array.from({ length: matrices }, (_, index) => `w${index}`);
  const make = () => new Map(names.map((name) => [name, tf.variable(tf.randomNormal([width, width]))]));
  const gradients = new Map(names.map((name) => [name, tf.randomNormal([width, width])]));
  const timeStep = (optimizer: Optimizer) => time(() => optimizer.step(gradients));

  const theirs = make();
  const adam = tf.train.adam(1e-3);
  const named = [...gradients].map(([name, tensor]) => ({ name: theirs.get(name)!.name, tensor }));
  const adamTime = time(() => adam.applyGradients(named));
  const adamwTime = timeStep(new AdamW(make(), { learningRate: 1e-3, weightDecay: 0.1 }));

  const stack = tf.randomNormal([matrices, width, width], 0, 1 / width) as tf.Tensor3D;
  const products = () => {
    for (let product = 0; product < 3 * newtonSchulzSteps; product++) tf.dispose(tf.matMul(stack, stack));
  };
  const muonTime = timeStep(new Muon(make(), { learningRate: 0.02, scaling: 'keller', weightDecay: 0.1 }));
  const size = `${matrices} matrices ${width}×${width}, wasm`;
  const rows = [
    row(`AdamW step, ${size}`, adamwTime, 'tf.train.adam', adamTime),
    row(`Muon step, ${size}`, muonTime, 'limit', time(products)),
  ];
  engine.close();
  return rows;
}
