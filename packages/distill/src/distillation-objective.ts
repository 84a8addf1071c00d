import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { rampAt, type Ramp } from './capacity.ts';
import { checkFiniteStates, type OnlineTeacher, type TeacherStates } from './online-teacher.ts';
import { checkRange, DistillError } from './distill-error.ts';
import { checkKind } from './divergence.ts';
import type { DivergenceKind } from './divergence-term.ts';
import { hiddenMatching, type HiddenMatchingOptions } from './hidden-matching.ts';
import { linearDistillationLoss } from './linear-distillation.ts';
import type { ChunkedTeacher } from './mixed-rows.ts';

// B batch, T time, N = B·T rows, D student's width, E teacher's width, V vocabulary.

/** Tokens that follow each other in one shard. */
export interface TokenStretch {
  readonly shard: string;
  readonly start: number;
  readonly length: number;
}

/** A batch of training rows, int32 [B, T] each. */
export interface ObjectiveBatch {
  inputs_BT: tf.Tensor2D;
  targets_BT: tf.Tensor2D;
  segmentIds_BT?: tf.Tensor2D;
  /** where the inputs of each row lie in the shards */
  origins?: readonly (readonly TokenStretch[])[];
}

/** Where in training a loss is asked for; steps from 1. */
export interface ObjectivePlace {
  step: number;
  totalSteps: number;
}

/** A forward pass of the student as an objective sees it. */
export interface ObjectivePass {
  readonly batch: ObjectiveBatch;
  /** [B, T, D] after the final norm */
  readonly hidden_BTD: tf.Tensor3D;
  /** [V, D] */
  readonly headWeight_VD: tf.Variable;
  /** the residual stream after layers, [B·T, D] */
  readonly layers: ReadonlyMap<number, tf.Tensor2D>;
  readonly place: ObjectivePlace;
  readonly prepared: tf.TensorContainer;
  report(name: string, loss: tf.Scalar): void;
}

/** What a training run learns from a teacher: an objective of @smol/train. */
export interface DistillationObjective {
  readonly name: string;
  /** projections of hidden states, named `distill.projections.…` */
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** layers of the student that are matched */
  readonly layers: readonly number[];
  prepare(batch: ObjectiveBatch, place: ObjectivePlace): Promise<tf.TensorContainer>;
  /** α·T²·divergence + (1 − α)·cross-entropy + weight·hidden; it takes the place of the plain objective */
  loss(pass: ObjectivePass): tf.Scalar;
  dispose(): void;
}

/** Targets that were kept beside the shards. `TeacherCaches` of `@smol/distill/node` is one. */
export interface CachedTeacher {
  /** Targets of every token of these stretches, one after the other. */
  targets(origins: readonly (readonly TokenStretch[])[]): ChunkedTeacher;
}

/** Options of {@link distillationObjective}. */
export interface DistillationObjectiveOptions {
  teacher: CachedTeacher | OnlineTeacher;
  /** default 1; that of a cache is in it */
  temperature?: number;
  /** share of the teacher, or its course over training; default 1: nothing but the teacher */
  alpha?: number | Ramp;
  /** for a teacher that is asked, default `forward` */
  divergence?: DivergenceKind;
  /** hidden states to be matched too, of a teacher that is asked */
  hidden?: HiddenMatchingOptions;
}

function isOnline(teacher: CachedTeacher | OnlineTeacher): teacher is OnlineTeacher {
  return 'states' in teacher;
}

function shareAt(alpha: number | Ramp, { step, totalSteps }: ObjectivePlace): number {
  return typeof alpha === 'number' ? alpha : rampAt(alpha, (step - 1) / totalSteps);
}

function checkAlpha(alpha: number | Ramp): void {
  const values = typeof alpha === 'number' ? [alpha] : [alpha.from, alpha.to, rampAt(alpha, 0)];
  for (const value of values) checkRange('alpha', value, 0, 1);
}

/**
 * Learning from a teacher as an objective: cached, or asked as training goes. Reports `nextToken`, the plain cross-entropy
 * on the data, `distillation`, the divergence from the teacher (under sampled targets the cross-entropy), and `hidden`.
 * A teacher whose share is 0 at a step is not asked there.
 *
 * @throws DistillError `BAD_OPTION`
 */
export function distillationObjective(options: DistillationObjectiveOptions): DistillationObjective {
  const { teacher, temperature = 1, alpha = 1, divergence = 'forward' } = options;
  checkKind(divergence);
  checkAlpha(alpha);
  if (!isOnline(teacher) && (divergence !== 'forward' || options.hidden))
    throw new DistillError(
      'BAD_OPTION',
      'a cache keeps no hidden states, and knows the forward KL only; ask a teacher',
    );
  const hidden = options.hidden && hiddenMatching(options.hidden);
  const teacherLayers = hidden?.pairs.map(([, layer]) => layer) ?? [];

  async function prepare(batch: ObjectiveBatch, place: ObjectivePlace): Promise<tf.TensorContainer> {
    if (!isOnline(teacher)) {
      if (!batch.origins)
        throw new DistillError('BAD_OPTION', 'a cached teacher needs batches that say where their tokens are from');
      return (shareAt(alpha, place) === 0 ? {} : teacher.targets(batch.origins)) as tf.TensorContainer;
    }
    if (shareAt(alpha, place) === 0 && !hidden) return {};
    const states = await teacher.states(batch, teacherLayers);
    await checkFiniteStates(states, place);
    return states as unknown as tf.TensorContainer;
  }

  function targetsOf(prepared: tf.TensorContainer): ChunkedTeacher {
    if (!isOnline(teacher)) return prepared as unknown as ChunkedTeacher;
    const { hidden_NE } = prepared as unknown as TeacherStates;
    return { teacherHidden_NE: hidden_NE, teacherHeadWeight_VE: teacher.headWeight_VE };
  }

  function fromLogits({ batch, hidden_BTD, headWeight_VD, place, prepared, report }: ObjectivePass): tf.Scalar {
    const hidden_ND: tf.Tensor2D = tf.reshape(hidden_BTD, [-1, hidden_BTD.shape[2]]);
    const targets_N: tf.Tensor1D = tf.reshape(batch.targets_BT, [-1]);
    const share = shareAt(alpha, place);
    if (share === 0) {
      const loss = linearCrossEntropy(hidden_ND, headWeight_VD, targets_N);
      report('nextToken', loss);
      return loss;
    }
    const onParts = (hard: tf.Scalar, soft: tf.Scalar) => {
      report('nextToken', hard);
      report('distillation', soft);
    };
    const head_VD = headWeight_VD as tf.Tensor as tf.Tensor2D;
    const settings = { temperature, alpha: share, divergence, onParts };
    return linearDistillationLoss(hidden_ND, head_VD, targetsOf(prepared), targets_N, settings);
  }

  return {
    name: 'distillation',
    parameters: hidden?.parameters ?? new Map(),
    layers: hidden?.pairs.map(([layer]) => layer) ?? [],
    prepare,
    loss(pass) {
      const loss = fromLogits(pass);
      if (!hidden) return loss;
      return tf.add(loss, hidden.loss(pass, (pass.prepared as unknown as TeacherStates).layers));
    },
    dispose: () => hidden?.dispose(),
  };
}
