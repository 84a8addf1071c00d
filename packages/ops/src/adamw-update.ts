import * as tf from '@tensorflow/tfjs-core';
import { adamwStep } from './adamw-step.ts';
import type { AdamwStepOptions, AdamwTensors } from './adamw-step.ts';
import { hasFusedKernel, runFusedList } from './fused-kernel.ts';

/** A parameter and its running means as variables that are to move on, with the gradient; all of one shape. */
export interface AdamwVariables extends AdamwTensors {
  parameter: tf.Variable;
  m: tf.Variable;
  v: tf.Variable;
}

const SLOTS = ['parameter', 'm', 'v'] as const;

/** Parameters up to this size are updated as one: for larger ones copying costs more than a call saves. */
const SMALL = 4096;

/** Whether the memory is this variable's alone: a clone or reshape shares it, and must keep the values it was made of. */
function isOwner(variable: tf.Variable): boolean {
  return tf.backend().refCount(variable.dataId) === 1;
}

/** Undoes laying end to end. */
function splitLike(flat: tf.Tensor, like: readonly tf.Tensor[]): tf.Tensor[] {
  const pieces = tf.split(
    flat,
    like.map(({ size }) => size),
  );
  return pieces.map((piece, index) => tf.reshape(piece, like[index].shape));
}

/** Small ones laid end to end as one, element by element the same as one after the other. */
function stepTogether(items: readonly AdamwVariables[], options: AdamwStepOptions): void {
  const flatten = (slot: keyof AdamwTensors) => tf.concat(items.map((item) => tf.reshape(item[slot], [-1])));
  const [parameter, m, v, gradient] = [...SLOTS, 'gradient' as const].map(flatten);
  const next = adamwStep({ parameter, m, v, gradient }, options);
  for (const slot of SLOTS) {
    const pieces = splitLike(
      next[slot],
      items.map(({ parameter: like }) => like),
    );
    items.forEach((item, index) => item[slot].assign(pieces[index]));
  }
}

function stepAlone(item: AdamwVariables, options: AdamwStepOptions): void {
  const next = adamwStep(item, options);
  for (const slot of SLOTS) item[slot].assign(next[slot]);
}

/** New tensors in place of the old ones. */
function assignSteps(items: readonly AdamwVariables[], options: AdamwStepOptions): void {
  const small = items.filter(({ parameter }) => parameter.size <= SMALL);
  const together = small.length > 1 ? new Set(small) : new Set();
  if (together.size > 0) tf.tidy(() => stepTogether(small, options));
  for (const item of items) if (!together.has(item)) tf.tidy(() => stepAlone(item, options));
}

/**
 * One step of AdamW, as {@link adamwStep}, for many parameters at once. Where the engine has the kernel, values are written
 * over the old ones in one call and nothing is allocated, except for variables whose memory is shared with a clone (as a
 * snapshot is): these get new memory, so that the clone keeps its values. The same bits either way.
 *
 * @param items parameters that share all the numbers of a step
 */
export function adamwUpdate(items: readonly AdamwVariables[], options: AdamwStepOptions): void {
  const canOverwrite = hasFusedKernel('SmolAdamwUpdate')
    ? (item: AdamwVariables) => SLOTS.every((slot) => isOwner(item[slot]))
    : () => false;
  const [owned, shared]: [AdamwVariables[], AdamwVariables[]] = [[], []];
  for (const item of items) (canOverwrite(item) ? owned : shared).push(item);
  if (owned.length > 0) runFusedList('SmolAdamwUpdate', owned, options);
  assignSteps(shared, options);
}
