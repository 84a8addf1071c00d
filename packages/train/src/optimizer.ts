import type { Optimizer, QkClipReport } from '@smol/optim-muon';
import * as tf from '@tensorflow/tfjs-core';
import { TrainError } from './train-error.ts';
import type { TrainableModel } from './model.ts';

/** An optimizer of @smol/optim-muon; one with `qkClip` (MuonClip) is given the attention logits after every step. */
export interface TrainOptimizer extends Optimizer {
  qkClip?(maxLogitsByLayer: readonly ArrayLike<number>[]): QkClipReport;
}

/** Forgets the running averages of an optimizer, as if it had just been made. */
export function resetOptimizer(optimizer: TrainOptimizer): void {
  tf.tidy(() => {
    const zeros = [...optimizer.state()].map(([slot, tensor]) => [slot, tf.zerosLike(tensor)] as const);
    optimizer.restore(new Map(zeros));
  });
}

/** Throws `BAD_OPTION` unless each parameter of the model belongs to exactly one optimizer. */
export function checkOptimizers(model: TrainableModel, optimizers: readonly TrainOptimizer[]): void {
  const owner = new Map<string, string>();
  for (const optimizer of optimizers) {
    for (const [name, parameter] of optimizer.parameters) {
      if (model.parameters.get(name) !== parameter)
        throw new TrainError('BAD_OPTION', `optimizer ${optimizer.name} trains "${name}", which is not the model's`);
      if (owner.has(name))
        throw new TrainError('BAD_OPTION', `"${name}" is trained by both ${owner.get(name)} and ${optimizer.name}`);
      owner.set(name, optimizer.name);
    }
  }
  const missing = [...model.parameters.keys()].find((name) => !owner.has(name));
  if (missing !== undefined) throw new TrainError('BAD_OPTION', `"${missing}" is trained by no optimizer`);
  const names = optimizers.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined)
    throw new TrainError('BAD_OPTION', `two optimizers are called ${repeated}; give one another name`);
}
