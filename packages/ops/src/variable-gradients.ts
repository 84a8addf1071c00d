import * as tf from '@tensorflow/tfjs-core';
import { OpsError, checkShape } from './ops-error.ts';
import { pullBack } from './pull-back.ts';

/**
 * A loss and its gradients with respect to variables: `tf.variableGrads`, bit for bit, in about half of its memory, as
 * activations and their gradients are freed as soon as the backward pass has passed them.
 *
 * @param loss makes a scalar from the variables
 * @param variables those whose gradients are wanted
 * @returns the scalar, and the gradients by the variables' names; a variable the loss does not depend on has none
 * @throws OpsError `SHAPE_MISMATCH` when the loss is no scalar; `INVALID_ARGUMENT` when it depends on none of the variables
 */
export function variableGradients(
  loss: () => tf.Scalar,
  variables: readonly tf.Variable[],
): { value: tf.Scalar; grads: tf.NamedTensorMap } {
  return tf.tidy(() => {
    const { value, gradients } = pullBack(loss, variables);
    checkShape(value.rank === 0, () => `the loss must be a scalar, got [${value.shape}]`);
    const found = variables.flatMap(({ name }, index) => {
      const gradient = gradients[index];
      return gradient ? [[name, gradient] as const] : [];
    });
    if (found.length > 0) return { value, grads: Object.fromEntries(found) };
    throw new OpsError(
      'INVALID_ARGUMENT',
      'the loss depends on none of the variables; compute it from them inside the function',
    );
  });
}
