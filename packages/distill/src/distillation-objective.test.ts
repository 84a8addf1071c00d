import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeTeacherCache } from './cache-writer.ts';
import { distillationObjective, type DistillationObjectiveOptions } from './distillation-objective.ts';
import { hiddenMatching, uniformLayerMap } from './hidden-matching.ts';
import { linearDistillationLoss } from './linear-distillation.ts';
import { sharedTeacher, type TeacherModel } from './online-teacher.ts';
import { TeacherCaches } from './teacher-caches.ts';

const folder = mkdtempSync(join(tmpdir(), 'smol-objective-'));
beforeAll(() => useEngine('cpu'));
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());
afterAll(() => rmSync(folder, { recursive: true }));

const vocabulary = 12;
const random = (shape: [number, number], seed: number) => tf.randomNormal(shape, 0, 1, 'float32', seed) as tf.Tensor2D;

/** Looks its tokens up; two layers that double the state. */
class TinyModel implements TeacherModel {
  readonly table: tf.Variable;
  readonly headWeight: tf.Variable;
  constructor(width: number, seed: number) {
    this.table = tf.variable(random([vocabulary, width], seed));
    this.headWeight = tf.variable(random([vocabulary, width], seed + 1));
  }
  hidden(ids_BT: tf.Tensor2D, { onLayer }: Parameters<TeacherModel['hidden']>[1] = {}): tf.Tensor3D {
    const rows_ND = tf.gather(this.table as tf.Tensor, tf.reshape(ids_BT, [-1])) as tf.Tensor2D;
    const layers = [1, 2].map((factor) => tf.mul(rows_ND, factor) as tf.Tensor2D);
    layers.forEach((layer_ND, index) => onLayer?.(index, layer_ND));
    return tf.reshape(layers[1], [...ids_BT.shape, -1]) as tf.Tensor3D;
  }
}

const batch = () => ({
  inputs_BT: tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3], 'int32') as tf.Tensor2D,
  targets_BT: tf.tensor2d([2, 3, -100, 5, 6, 7], [2, 3], 'int32') as tf.Tensor2D,
});

/** Loss and gradients of the student's table and head under an objective, and what it reported. */
async function learn(
  student: TinyModel,
  options: DistillationObjectiveOptions,
  { step = 1, origins }: { step?: number; origins?: { shard: string; start: number; length: number }[][] } = {},
) {
  const objective = distillationObjective(options);
  const place = { step, totalSteps: 10 };
  const given = { ...batch(), ...(origins && { origins }) };
  const prepared = await objective.prepare(given, place);
  const parts: Record<string, number> = {};
  const loss = () => {
    const layers = new Map<number, tf.Tensor2D>();
    const hidden_BTD = student.hidden(given.inputs_BT, { onLayer: (layer, x) => void layers.set(layer, x) });
    const report = (name: string, value: tf.Scalar) => void (parts[name] = value.dataSync()[0]);
    return objective.loss({
      batch: given,
      hidden_BTD,
      headWeight_VD: student.headWeight,
      layers,
      place,
      prepared,
      report,
    });
  };
  const { value, grads } = tf.variableGrads(loss, [
    student.table,
    student.headWeight,
    ...objective.parameters.values(),
  ]);
  const largest = Math.max(...Object.values(grads).map((gradient) => tf.max(tf.abs(gradient)).dataSync()[0]));
  return { value: value.dataSync()[0], largest, parts, grads };
}

describe('learning from a teacher that is asked', () => {
  it('teaches nothing when teacher and student are the same', async () => {
    const student = new TinyModel(4, 1);
    for (const divergence of ['forward', 'reverse', 'jensen-shannon'] as const) {
      const { value, largest } = await learn(student, { teacher: sharedTeacher(student, vocabulary), divergence });
      expect(value).toBeCloseTo(0, 5);
      expect(largest).toBeLessThan(1e-5);
    }
  });

  it('mixes by alpha, which may move over training, and tells what the mixture is made of', async () => {
    const student = new TinyModel(4, 1);
    const teacher = sharedTeacher(new TinyModel(6, 9), vocabulary);
    const alpha = { from: 0, to: 1, end: 0.5 };
    const plain = await learn(student, { teacher, alpha }, { step: 1 });
    expect(Object.keys(plain.parts)).toEqual(['nextToken']);
    expect(plain.value).toBe(plain.parts.nextToken);
    const half = await learn(student, { teacher, alpha, temperature: 2 }, { step: 3 });
    expect(half.parts.nextToken).toBeCloseTo(plain.value, 5);
    expect(half.value).toBeCloseTo(0.6 * half.parts.nextToken + 0.4 * 4 * half.parts.distillation, 5);
    const full = await learn(student, { teacher, alpha }, { step: 8 });
    expect(full.value).toBeCloseTo(full.parts.distillation, 6);
  });

  it('matches hidden states of layers by trained projections', async () => {
    const [student, model] = [new TinyModel(4, 1), new TinyModel(6, 9)];
    const hidden = { pairs: uniformLayerMap(2, 2), studentWidth: 4, teacherWidth: 6, weight: 3, seed: 1 };
    const teacher = sharedTeacher(model, vocabulary);
    const { value, parts, grads } = await learn(student, { teacher, hidden });
    expect(value).toBeCloseTo(parts.distillation + 3 * parts.hidden, 5);
    expect(Object.values(grads).map(({ shape }) => shape)).toContainEqual([6, 4]);
    for (const gradient of Object.values(grads)) expect(tf.max(tf.abs(gradient)).dataSync()[0]).toBeGreaterThan(1e-3);
    const missing = distillationObjective({ teacher, hidden: { ...hidden, pairs: [[0, 7]] } });
    await expect(missing.prepare(batch(), { step: 1, totalSteps: 1 })).rejects.toThrow('shows no layer 7');
  });

  it('maps layers by depth', () => {
    expect(uniformLayerMap(4, 6)).toEqual([
      [0, 0],
      [1, 2],
      [2, 3],
      [3, 5],
    ]);
    expect(() => uniformLayerMap(4, 3)).toThrow("fewer than the student's 4");
    const options = { pairs: [], studentWidth: 4, teacherWidth: 4, seed: 1 };
    expect(() => hiddenMatching(options)).toThrow('each once');
  });

  it('refuses NaN, another vocabulary, and options that mean nothing', async () => {
    const student = new TinyModel(4, 1);
    const model = new TinyModel(4, 2);
    const teacher = sharedTeacher(model, vocabulary);
    model.table.assign(tf.fill([vocabulary, 4], Number.NaN));
    await expect(learn(student, { teacher })).rejects.toMatchObject({ code: 'BAD_LOGITS' });
    expect(() => sharedTeacher(model, 11)).toThrow('the teacher has a vocabulary of 12, the student of 11');
    const capped: TeacherModel = Object.assign(new TinyModel(4, 2), { config: { final_logit_softcapping: 30 } });
    expect(() => sharedTeacher(capped, vocabulary)).toThrow('the teacher caps its logits at 30');
    expect(() => distillationObjective({ teacher, alpha: 1.5 })).toThrow('alpha must be a number in [0, 1]');
    expect(() => distillationObjective({ teacher, divergence: 'up' as 'forward' })).toThrow('must be one of forward');
    const cached = { targets: () => ({}) as never };
    expect(() => distillationObjective({ teacher: cached, divergence: 'reverse' })).toThrow('a cache keeps no hidden');
  });
});

describe('learning from caches', () => {
  const logits = (start: number, length: number) =>
    Float32Array.from({ length: length * vocabulary }, (_, index) => Math.sin(start * vocabulary + index));
  const description = { kind: 'sampled', k: 3, vocabularySize: vocabulary, temperature: 1, tokenizer: 't' } as const;
  const rest = { teacherHash: 'a', shardHash: 'b', tokenCount: 20, seed: 5 };

  async function write(name: string, change: object = {}) {
    const cache = join(folder, `${name}.ds.teacher`);
    await writeTeacherCache(cache, { description: { ...description, ...rest, ...change } }, logits);
    return { shard: `${name}.ds`, cache };
  }

  it('finds the targets of each token by where it lies in which shard', async () => {
    const shards = [await write('one'), await write('two')];
    const teacher = TeacherCaches.open(shards);
    const origins = [
      [
        { shard: 'two.ds', start: 18, length: 2 },
        { shard: 'one.ds', start: 0, length: 1 },
      ],
      [{ shard: 'one.ds', start: 7, length: 3 }],
    ];
    const student = new TinyModel(4, 1);
    const { value, parts } = await learn(student, { teacher, alpha: 0.5 }, { origins });
    const targets_N = tf.reshape(batch().targets_BT, [-1]) as tf.Tensor1D;
    const hidden_ND = tf.reshape(student.hidden(batch().inputs_BT), [-1, 4]) as tf.Tensor2D;
    const head_VD = student.headWeight as tf.Tensor as tf.Tensor2D;
    const kept = teacher.targets(origins);
    expect(value).toBeCloseTo(linearDistillationLoss(hidden_ND, head_VD, kept, targets_N).dataSync()[0], 5);
    expect(parts.nextToken).toBeGreaterThan(0);
    expect(teacher.format).toEqual({ kind: 'sampled', k: 3, temperature: 1, teacherHash: 'a' });
    await expect(learn(student, { teacher })).rejects.toThrow('say where their tokens are from');
    const stray = [[{ shard: 'three.ds', start: 0, length: 6 }]];
    await expect(learn(student, { teacher }, { origins: stray })).rejects.toMatchObject({ code: 'CACHE_MISMATCH' });
    teacher.close();
  });

  it('takes no caches of different kinds', async () => {
    const shards = [await write('three'), await write('four', { teacherHash: 'other' })];
    expect(() => TeacherCaches.open(shards)).toThrow('its teacherHash must be a, got other');
    expect(() => TeacherCaches.open([])).toThrow('there is no shard');
  });
});
