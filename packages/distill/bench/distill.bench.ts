/** Distillation losses with their own gradients, against the same formula left to tfjs's tape. */
import { useEngine } from '@smol/engine';
import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import {
  klDivergence,
  linearDistillationLoss,
  topKDivergence,
  topKTargets,
  type ChunkedTeacher,
} from '../src/index.ts';

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
const [rows, vocabulary, kept] = [128, 8192, 32];

/** Median milliseconds of loss and gradient, after one round to warm up. */
function time(loss: (logits_NV: tf.Tensor2D) => tf.Tensor, logits_NV: tf.Tensor2D): number {
  const gradient = tf.grad((x) => tf.mean(loss(x as tf.Tensor2D)));
  const times = Array.from({ length: rounds + 1 }, () => {
    const started = performance.now();
    tf.tidy(() => void gradient(logits_NV));
    return performance.now() - started;
  });
  return times.slice(1).sort((a, b) => a - b)[Math.floor(rounds / 2)];
}

/** A student as deep as a real one is wide: what a step costs beside its output head. */
interface Student {
  weights: tf.Variable[];
  headWeight_VD: tf.Variable;
}

const [tokens, width, depth, teacherDepth] = [512, 256, 12, 24];

function newStudent(layers: number): Student {
  const matrix = (rowCount: number) => tf.variable(tf.randomNormal([rowCount, width], 0, 0.06) as tf.Tensor2D);
  return { weights: Array.from({ length: layers }, () => matrix(width)), headWeight_VD: matrix(vocabulary) };
}

/** [N, D] of a stack of residual layers. */
function forward(x_ND: tf.Tensor2D, { weights }: Student): tf.Tensor2D {
  return weights.reduce(
    (state, weight) => tf.add(state, tf.relu(tf.matMul(state, weight as unknown as tf.Tensor2D))) as tf.Tensor2D,
    x_ND,
  );
}

/** Median milliseconds of each, in turns, so that what disturbs one disturbs all; after one round to warm up. */
function inTurns<K extends string>(runs: Record<K, () => void>): Record<K, number> {
  const names = Object.keys(runs) as K[];
  const times = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const started = performance.now();
      tf.tidy(runs[name]);
      if (round > 0) times.get(name)!.push(performance.now() - started);
    }
  }
  const median = (of: number[]) => of.sort((x, y) => x - y)[Math.floor(rounds / 2)];
  return Object.fromEntries(names.map((name) => [name, median(times.get(name)!)])) as Record<K, number>;
}

/** Steps under a teacher against a plain one, and against the limits: 1.15 of it from a cache, 1.1 teachers more online. */
function steps(): BenchRow[] {
  const [student, teacher] = [newStudent(depth), newStudent(teacherDepth)];
  const x_ND = tf.randomNormal([tokens, width]) as tf.Tensor2D;
  const targets_N = tf.zeros([tokens], 'int32') as tf.Tensor1D;
  const ids_NK = tf.tile(tf.expandDims(tf.range(0, 12, 1, 'int32'), 0), [tokens, 1]) as tf.Tensor2D;
  const cached: ChunkedTeacher = { ids_NK, weights_NK: tf.div(tf.ones([tokens, 12]), 12) as tf.Tensor2D };
  const variables = [...student.weights, student.headWeight_VD];
  const step = (loss: (hidden_ND: tf.Tensor2D) => tf.Scalar) => () =>
    void tf.variableGrads(() => loss(forward(x_ND, student)), variables);
  const under = (hidden_ND: tf.Tensor2D, of: ChunkedTeacher) =>
    linearDistillationLoss(hidden_ND, student.headWeight_VD as unknown as tf.Tensor2D, of, targets_N);
  const ask = (): ChunkedTeacher => ({
    teacherHidden_NE: forward(x_ND, teacher),
    teacherHeadWeight_VE: teacher.headWeight_VD as unknown as tf.Tensor2D,
  });
  const measured = inTurns({
    plain: step((hidden_ND) => linearCrossEntropy(hidden_ND, student.headWeight_VD, targets_N)),
    cached: step((hidden_ND) => under(hidden_ND, cached)),
    asking() {
      tf.matMul(forward(x_ND, teacher), teacher.headWeight_VD as unknown as tf.Tensor2D, false, true);
    },
    online() {
      const known = ask();
      tf.variableGrads(() => under(forward(x_ND, student), known), variables);
    },
  });
  const limited = (name: string, ours: number, limit: number): BenchRow => ({
    bench: 'distill',
    case: `${name}, ${tokens} tokens, ${depth} layers of ${width}, vocabulary ${vocabulary}`,
    ours,
    unit: 'ms',
    peer: 'limit',
    peerValue: limit,
    ratio: limit / ours,
  });
  const { plain, cached: cachedStep, asking, online } = measured;
  return [limited('cached-step', cachedStep, 1.15 * plain), limited('online-step', online, plain + 1.1 * asking)];
}

export async function bench(): Promise<BenchRow[]> {
  const engine = await useEngine('wasm');
  const student_NV = tf.randomNormal([rows, vocabulary]) as tf.Tensor2D;
  const teacher_NV = tf.randomNormal([rows, vocabulary]) as tf.Tensor2D;
  const plain = (x_NV: tf.Tensor2D) => {
    const logP_NV = tf.logSoftmax(teacher_NV);
    return tf.sum(tf.mul(tf.exp(logP_NV), tf.sub(logP_NV, tf.logSoftmax(x_NV))), 1);
  };
  const targets = topKTargets(teacher_NV, kept);
  const places = tf.reshape(
    tf.add(targets.ids_NK, tf.expandDims(tf.range(0, rows * vocabulary, vocabulary, 'int32'), 1)),
    [-1],
  );
  const plainTopK = (x_NV: tf.Tensor2D) => {
    const logQ_NK = tf.reshape(tf.gather(tf.reshape(tf.logSoftmax(x_NV), [-1]), places), [rows, kept]);
    const p_NK = tf.exp(targets.logProbabilities_NK);
    const [restP_N, restQ_N] = [p_NK, tf.exp(logQ_NK)].map((mass) => tf.sub(1, tf.sum(mass, 1)));
    const rest_N = tf.mul(restP_N, tf.sub(tf.log(restP_N), tf.log(restQ_N)));
    return tf.add(tf.sum(tf.mul(p_NK, tf.sub(targets.logProbabilities_NK, logQ_NK)), 1), rest_N);
  };
  const row = (name: string, ours: number, peerValue: number): BenchRow => ({
    bench: 'distill',
    case: `${name}, ${rows}×${vocabulary}, wasm`,
    ours,
    unit: 'ms',
    peer: 'tfjs tape',
    peerValue,
    ratio: peerValue / ours,
  });
  const results = [
    row(
      'KL and gradient',
      time((x_NV) => klDivergence(x_NV, teacher_NV), student_NV),
      time(plain, student_NV),
    ),
    row(
      `top-${kept} KL with rest bucket and gradient`,
      time((x_NV) => topKDivergence(x_NV, targets), student_NV),
      time(plainTopK, student_NV),
    ),
    ...steps(),
  ];
  engine.close();
  return results;
}
