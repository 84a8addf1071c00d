import * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './optimizer.ts';
import { OptimizerError } from './optimizer-error.ts';

/**
 * The running averages an optimizer keeps: for every parameter one f32 tensor per slot, named `PARAMETER.SLOT`, and the number of steps done. All of it is made at once, so that every process of a
 * distributed run has the same set of names.
 */
export class OptimizerState {
  readonly #tensors = new Map<string, tf.Variable>();
  stepsDone = 0;

  constructor(
    parameters: Parameters,
    slotsOf: (parameter: tf.Variable) => readonly (readonly [slot: string, shape: number[]])[],
  ) {
    for (const [name, parameter] of parameters) {
      for (const [slot, shape] of slotsOf(parameter)) {
        this.#tensors.set(
          `${name}.${slot}`,
          tf.tidy(() => tf.variable(tf.zeros(shape), false)),
        );
      }
    }
  }

  slot(parameterName: string, slot: string): tf.Variable {
    const tensor = this.#tensors.get(`${parameterName}.${slot}`);
    if (!tensor) throw new TypeError(`no slot ${slot} for ${parameterName}`);
    return tensor;
  }

  /** Clones share their values with the slots and keep them when the slots move on: a snapshot costs nothing. */
  snapshot(): Map<string, tf.Tensor> {
    const tensors = [...this.#tensors].map(([name, tensor]): [string, tf.Tensor] => [name, tf.clone(tensor)]);
    return new Map<string, tf.Tensor>([['step', tf.scalar(this.stepsDone)], ...tensors]);
  }

  restore(saved: ReadonlyMap<string, tf.Tensor>): void {
    for (const name of saved.keys()) {
      if (name !== 'step' && !this.#tensors.has(name)) {
        throw new OptimizerError(
          'BAD_STATE',
          `the saved state has "${name}", which this optimizer does not keep; was it saved by another optimizer?`,
        );
      }
    }
    const stepsDone = savedTensor(saved, 'step', []).dataSync()[0];
    for (const [name, tensor] of this.#tensors) savedTensor(saved, name, tensor.shape);
    for (const [name, tensor] of this.#tensors)
      tf.tidy(() => tensor.assign(tf.clone(savedTensor(saved, name, tensor.shape))));
    this.stepsDone = stepsDone;
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }
}

function savedTensor(saved: ReadonlyMap<string, tf.Tensor>, name: string, shape: readonly number[]): tf.Tensor {
  const tensor = saved.get(name);
  if (!tensor) throw new OptimizerError('BAD_STATE', `the saved state has no "${name}"`);
  if (tensor.shape.join() === shape.join()) return tensor;
  throw new OptimizerError('BAD_STATE', `the saved "${name}" must have shape [${shape}], got [${tensor.shape}]`);
}
