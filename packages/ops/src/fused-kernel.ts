import * as tf from '@tensorflow/tfjs-core';
import { kernelContracts } from './kernel-contracts.ts';
import type { KernelContract, KernelName } from './kernel-contracts.ts';

type Contract<Name extends KernelName> = (typeof kernelContracts)[Name];
type Names<Shapes> = keyof Shapes & string;
type WithoutMark<Name extends string> = Name extends `${infer Bare}?` ? Bare : never;

/** Inputs of a kernel by name, as its contract says. */
export type KernelInputs<Name extends KernelName> = {
  [Key in Exclude<Names<Contract<Name>['inputs']>, `${string}?`>]: tf.Tensor;
} & { [Key in WithoutMark<Names<Contract<Name>['inputs']>>]?: tf.Tensor };

/** Attributes of a kernel by name. */
type KernelAttributes<Name extends KernelName> = {
  readonly [Key in keyof Contract<Name>['attributes']]: Contract<Name>['attributes'][Key] extends 'number'
    ? number
    : boolean;
};

/** Outputs of a kernel by name. */
type KernelOutputs<Name extends KernelName> = { [Key in keyof Contract<Name>['outputs']]: tf.Tensor };

/** Whether the current tfjs backend has a kernel of this name (it starts the default backend if none was chosen). */
export function hasFusedKernel(kernelName: KernelName): boolean {
  tf.backend();
  return tf.getKernel(kernelName, tf.getBackend()) != null;
}

/** Runs a kernel that takes a list of items; its outputs belong to the surrounding tidy. */
export function runFusedList<Name extends KernelName>(
  kernelName: Name,
  items: readonly KernelInputs<Name>[],
  attributes: KernelAttributes<Name>,
): KernelOutputs<Name> {
  const names = Object.keys(kernelContracts[kernelName].inputs) as (keyof KernelInputs<Name>)[];
  const inputs: tf.NamedTensorMap = {};
  items.forEach((item, index) => {
    for (const name of names) inputs[`${String(name)}${index}`] = item[name] as tf.Tensor;
  });
  return runFused(kernelName, inputs as KernelInputs<Name>, attributes);
}

/** Runs a kernel; its outputs belong to the surrounding tidy. */
export function runFused<Name extends KernelName>(
  kernelName: Name,
  inputs: KernelInputs<Name>,
  attributes: KernelAttributes<Name>,
): KernelOutputs<Name> {
  const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(kernelName, inputs as tf.NamedTensorMap, attributes);
  const outputs = Array.isArray(result) ? result : [result];
  const names = Object.keys(kernelContracts[kernelName].outputs);
  return Object.fromEntries(names.map((name, index) => [name, outputs[index]])) as KernelOutputs<Name>;
}

/**
 * Tells tfjs the gradient of a kernel, from its contract: the backward kernel gets the gradient of the first output, named d…,
 * and what the contract saves, and gives d… of inputs. It runs at once and not in tfjs's thunks, each of which has a tidy
 * of its own and would free the other outputs.
 */
export function registerFusedGradient(kernelName: KernelName): void {
  const contract: KernelContract = kernelContracts[kernelName];
  const saved = contract.saved ?? [];
  const inputsToSave = saved.filter((name) => name in contract.inputs);
  const outputs = Object.keys(contract.outputs);
  tf.registerGradient({
    kernelName,
    inputsToSave,
    outputsToSave: outputs.map((name) => saved.includes(name)),
    gradFunc: (dys, tensors, attributes) => {
      const names = [...inputsToSave, ...outputs.filter((name) => saved.includes(name))];
      const inputs = Object.fromEntries(names.map((name, index) => [name, tensors[index]]));
      inputs[`d${outputs[0]}`] = [dys].flat()[0];
      const backward = contract.gradient as KernelName;
      const gradients: tf.NamedTensorMap = runFused(
        backward,
        inputs as KernelInputs<typeof backward>,
        attributes as never,
      );
      return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name.slice(1), () => gradient]));
    },
  });
}
