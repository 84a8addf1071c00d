import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveBatch, ObjectivePlace } from './distillation-objective.ts';
import { DistillError } from './distill-error.ts';

// B batch, T time, N = B·T rows, E teacher's width, V vocabulary.

/** What a teacher says of a batch: its last hidden state, and those after the layers that were asked for. */
export interface TeacherStates {
  /** [N, E] after the final norm */
  hidden_NE: tf.Tensor2D;
  /** [N, E] each */
  layers: tf.Tensor2D[];
}

/** A teacher that is asked as training goes, on this engine or elsewhere. */
export interface OnlineTeacher {
  /** [V, E] */
  readonly headWeight_VE: tf.Tensor2D;
  /** The caller disposes of the tensors. */
  states(batch: ObjectiveBatch, layers: readonly number[]): TeacherStates | Promise<TeacherStates>;
}

/** A model that can be a teacher. `SmolLM` of @smol/model is one. */
export interface TeacherModel {
  /** [V, E] */
  readonly headWeight: tf.Variable;
  /** Losses take head · hidden for the logits: a teacher that caps them is refused. */
  readonly config?: { readonly final_logit_softcapping?: number | null };
  hidden(
    ids_BT: tf.Tensor2D,
    options: { segmentIds_BT?: tf.Tensor2D; onLayer?: (layer: number, hidden_NE: tf.Tensor2D) => void },
  ): tf.Tensor3D;
}

/**
 * A teacher on the same engine as the student.
 *
 * @param vocabularySize of the student
 * @throws DistillError `SHAPE_MISMATCH` when the teacher's vocabulary is another; `BAD_OPTION` when it caps its logits
 */
export function sharedTeacher(model: TeacherModel, vocabularySize: number): OnlineTeacher {
  checkVocabulary(model.headWeight.shape[0] as number, vocabularySize);
  checkHead(model);
  return {
    headWeight_VE: model.headWeight as tf.Tensor as tf.Tensor2D,
    states: ({ inputs_BT, segmentIds_BT }, layers) =>
      tf.tidy(() => {
        const seen = new Map<number, tf.Tensor2D>();
        const onLayer = (layer: number, hidden_NE: tf.Tensor2D) =>
          void (layers.includes(layer) && seen.set(layer, tf.clone(hidden_NE)));
        const hidden_BTE = model.hidden(inputs_BT, {
          ...(segmentIds_BT && { segmentIds_BT }),
          ...(layers.length > 0 && { onLayer }),
        });
        return {
          hidden_NE: tf.reshape(hidden_BTE, [-1, hidden_BTE.shape[2]]) as tf.Tensor2D,
          layers: layers.map((layer) => seen.get(layer) ?? noLayer(layer)),
        } satisfies TeacherStates;
      }),
  };
}

function checkHead({ config }: TeacherModel): void {
  const cap = config?.final_logit_softcapping ?? null;
  if (cap === null) return;
  throw new DistillError(
    'BAD_OPTION',
    `the teacher caps its logits at ${cap} (final_logit_softcapping), which only a cache of it can give; write one`,
  );
}

/** Throws `SHAPE_MISMATCH` unless the teacher's rows are the student's. */
export function checkVocabulary(teacher: number, student: number): void {
  if (teacher === student) return;
  throw new DistillError(
    'SHAPE_MISMATCH',
    `the teacher has a vocabulary of ${teacher}, the student of ${student}; ` +
      'both must have the same tokenizer, or the teacher a cache written for this one',
  );
}

function noLayer(layer: number): never {
  throw new DistillError('BAD_OPTION', `the teacher shows no layer ${layer}; layers are counted from 0`);
}

/** Throws `BAD_LOGITS` when a teacher's states are not finite: so are its logits. */
export async function checkFiniteStates({ hidden_NE, layers }: TeacherStates, { step }: ObjectivePlace): Promise<void> {
  // x − x is 0, or NaN where x is not finite.
  const odd = tf.tidy(() => tf.addN([hidden_NE, ...layers].map((x) => tf.sum(tf.sub(x, x)))));
  const [total] = await odd.data();
  odd.dispose();
  if (total === 0) return;
  tf.dispose([hidden_NE, ...layers]);
  throw new DistillError(
    'BAD_LOGITS',
    `the teacher's states are not finite numbers at step ${step}, and so are its logits; check the teacher's weights`,
  );
}
