import { evaluationBatches, TokenShard, type Batch } from '@smol/dataset';
import { cachedReport, teacherReport, type CachedTeacher, type OnlineTeacher } from '@smol/distill';
import type { SmolLM } from '@smol/model';
import * as tf from '@tensorflow/tfjs-core';
import type { StepContext } from '../step.ts';
import { shardPath } from '../tokenize.ts';
import type { FoundTeacher } from './find-teacher.ts';

// N rows, V vocabulary.

/** Rows that are looked at. */
const rows = 8;

/**
 * How student and teacher stand to each other, for the records of evaluations: of a teacher that is asked its entropy, the
 * agreement and the gap on held-out text, and its loss there; of a cache agreement and distance on the first rows of a source
 * that is trained on, as there is no other.
 */
export async function reportTeacher(
  { recipe, runFolder }: StepContext,
  { teacher, temperature }: FoundTeacher,
  model: SmolLM,
): Promise<Record<string, number>> {
  const isAsked = 'states' in teacher;
  const source = isAsked ? recipe.heldOut.source : Object.keys(recipe.train.stages[0].mixture)[0];
  const shard = TokenShard.open(shardPath(runFolder, source));
  const { sequenceLength } = recipe.train;
  const [batch] = evaluationBatches([shard], { batchSize: rows, sequenceLength, maximumBatches: 1 });
  shard.close();
  return isAsked ? ofAsked(teacher, model, batch) : ofCached(teacher, model, batch, temperature);
}

function tensorsOf({ rows: count, sequenceLength, inputs, targets, segments }: Batch) {
  const tensor = (ids: Int32Array) => tf.tensor2d(ids, [count, sequenceLength], 'int32');
  return { inputs_BT: tensor(inputs), targets_BT: tensor(targets), segmentIds_BT: tensor(segments) };
}

async function ofAsked(teacher: OnlineTeacher, model: SmolLM, batch: Batch): Promise<Record<string, number>> {
  const tensors = tensorsOf(batch);
  const states = await teacher.states(tensors, []);
  const counted = Int32Array.from([...batch.targets.keys()].filter((at) => batch.targets[at] >= 0));
  let report: ReturnType<typeof teacherReport> | undefined;
  tf.tidy(() => {
    const take = <T extends tf.Tensor>(x: T): T => tf.gather(x, tf.tensor1d(counted, 'int32')) as T;
    const logits_BTV = model.logits(tensors.inputs_BT, { segmentIds_BT: tensors.segmentIds_BT });
    const student_NV = take(tf.reshape(logits_BTV, [-1, logits_BTV.shape[2]]) as tf.Tensor2D);
    const teacher_NV: tf.Tensor2D = tf.matMul(take(states.hidden_NE), teacher.headWeight_VE, false, true);
    report = teacherReport(student_NV, teacher_NV, take(tf.reshape(tensors.targets_BT, [-1]) as tf.Tensor1D));
  });
  tf.dispose([...Object.values(tensors), states.hidden_NE, ...states.layers]);
  const { teacherEntropy, agreement, studentGap, teacherLoss } = report!;
  return { teacherEntropy, teacherAgreement: agreement, teacherGap: studentGap, teacherLoss: teacherLoss! };
}

function ofCached(teacher: CachedTeacher, model: SmolLM, batch: Batch, temperature: number): Record<string, number> {
  const tensors = tensorsOf(batch);
  const kept = teacher.targets(batch.origins);
  let report: Record<string, number> = {};
  if ('ids_NK' in kept) {
    tf.tidy(() => {
      const logits_BTV = model.logits(tensors.inputs_BT, { segmentIds_BT: tensors.segmentIds_BT });
      const student_NV = tf.reshape(logits_BTV, [-1, logits_BTV.shape[2]]) as tf.Tensor2D;
      const { agreement, distance } = cachedReport(student_NV, kept, temperature);
      report = { teacherAgreement: agreement, teacherDistance: distance };
    });
  }
  tf.dispose([...Object.values(tensors), ...Object.values(kept)]);
  return report;
}
