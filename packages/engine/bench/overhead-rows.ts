import * as tf from '@tensorflow/tfjs-core';
import type { BenchRow } from './bench-row.ts';
import { median, row } from './bench-row.ts';
import { contestants, enter, nameOf } from './contestants.ts';
import { trainer } from './step-model.ts';

/** So small that next to nothing is computed: what is left is JavaScript, and crossing into the engine. */
const SKELETON = {
  name: 'skeleton',
  layers: 30,
  width: 8,
  heads: 2,
  groups: 1,
  hidden: 8,
  vocabulary: 8,
  batch: 1,
  time: 2,
};

/** Milliseconds that a step of a 30-layer model costs before any arithmetic. */
export async function overheadRows(): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const contestant of await contestants([1])) {
    await enter(contestant);
    const { step, dispose } = trainer(SKELETON);
    const ms = median(() => void step(), 11, 5);
    rows.push(row(['step', `JavaScript of a 30-layer step, ${nameOf(contestant)}`, 'ms'], ms, 'none', null, 'less'));
    dispose();
    const { numTensors } = tf.memory();
    rows.push(
      row(['memory', `tensors left after it, ${nameOf(contestant)}`, 'tensors'], numTensors, 'none', null, 'less'),
    );
  }
  return rows;
}
