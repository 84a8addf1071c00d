import { kernelContracts, kernelOutputShapes } from '@smol/ops';
import type { KernelName } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { describeEngines } from './fixtures/engines.ts';
import { opCases, runCase } from './fixtures/op-cases.ts';

const names = Object.keys(kernelContracts) as KernelName[];

/** Puts `watch` around each fused kernel of the current backend while `work` runs. */
function watching(watch: (name: KernelName, run: tf.KernelFunc) => tf.KernelFunc, work: () => void): void {
  const backendName = tf.getBackend();
  const kernels = names.map((name) => tf.getKernel(name, backendName));
  for (const [index, kernel] of kernels.entries()) {
    tf.unregisterKernel(kernel.kernelName, backendName);
    tf.registerKernel({ ...kernel, kernelFunc: watch(names[index], kernel.kernelFunc) });
  }
  try {
    work();
  } finally {
    for (const kernel of kernels) {
      tf.unregisterKernel(kernel.kernelName, backendName);
      tf.registerKernel(kernel);
    }
  }
}

describeEngines('the kernels of the contract', ({ own }) => {
  it(`are ${own ? 'all' : 'not'} there`, () => {
    expect(names.filter((name) => tf.getKernel(name, tf.getBackend()))).toEqual(own ? names : []);
  });

  it.each(own ? ['all ops'] : [])('are called by %s as their contracts say, and give what these say', () => {
    const called = new Set<KernelName>();
    const watch = (name: KernelName, run: tf.KernelFunc): tf.KernelFunc => {
      return (call) => {
        called.add(name);
        const result = run(call);
        const outputs = [result].flat().map(({ shape }) => shape);
        const shapes = Object.entries(call.inputs).map(([input, info]) => [input, info!.shape]);
        expect(outputs).toEqual(Object.values(kernelOutputShapes(name, Object.fromEntries(shapes))));
        expect(Object.keys(call.attrs ?? {}).toSorted()).toEqual(
          Object.keys(kernelContracts[name].attributes).toSorted(),
        );
        return result;
      };
    };
    watching(watch, () => opCases.forEach((opCase) => void runCase(opCase)));
    expect([...called].toSorted()).toEqual(names.toSorted());
  });
});
