import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kernelContracts, kernelOutputShapes } from './index.ts';
import type { KernelContract } from './index.ts';

const contracts = Object.entries<KernelContract>(kernelContracts);

const listed = (shapes: Readonly<Record<string, string>>) =>
  Object.entries(shapes)
    .map(([name, shape]) => `${name} ${shape}`)
    .join(', ');

/** The contract as a row of the README's table. */
function rowOf([name, contract]: (typeof contracts)[number]): string {
  const backward = contract.gradient ? `\`${contract.gradient}\`; saved: ${contract.saved?.join(', ')}` : '';
  const inputs = `${contract.list ? 'list of ' : ''}${listed(contract.inputs)}`;
  const cells = [`\`${name}\``, `${inputs} → ${listed(contract.outputs) || 'written over parameter, m, v'}`];
  return `| ${[...cells, Object.keys(contract.attributes).join(', '), backward].join(' | ')} |`;
}

describe('kernelContracts', () => {
  it('are what the README’s table says', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const rows = readme.split('\n').filter((line) => line.startsWith('| `Smol'));
    expect(rows).toEqual(contracts.map(rowOf));
  });

  it.each(contracts.filter(([, { gradient }]) => gradient))(
    '%s: what is saved is among its inputs and outputs, and what its backward kernel needs',
    (name, { inputs, outputs, saved, gradient }) => {
      const own = { ...inputs, ...outputs };
      for (const tensor of saved ?? []) expect(own).toHaveProperty([tensor]);
      if (gradient === name) return; // a rotation, turned back
      const [gradientOfOutput, ...others] = Object.keys(
        (kernelContracts as Record<string, KernelContract>)[gradient!].inputs,
      );
      expect(gradientOfOutput).toMatch(/^d/);
      expect(others).toEqual(saved);
    },
  );
});

describe('kernelOutputShapes', () => {
  it('gives the shapes that follow from the inputs’', () => {
    const attention = { q: [2, 3, 4, 8], k: [2, 5, 2, 8], v: [2, 5, 2, 8] };
    expect(kernelOutputShapes('SmolAttention', attention)).toEqual({
      output: [2, 3, 4, 8],
      logSumExp: [2, 4, 3],
      maxLogits: [4],
    });
    expect(kernelOutputShapes('SmolRmsNorm', { x: [2, 3, 8], gain: [8] })).toEqual({ y: [2, 3, 8], inverseRms: [6] });
    expect(kernelOutputShapes('SmolGlobalNorm', { x0: [], x1: [2, 3] })).toEqual({ norm: [] });
  });

  it('says which input contradicts the contract', () => {
    const rope = { x: [1, 3, 1, 4], cos: [3, 2], sin: [3, 3] };
    expect(() => kernelOutputShapes('SmolRope', rope)).toThrow('SmolRope: sin must be [T, K/2], got [3,3]');
    const update = { parameter0: [2], m0: [2], v0: [2], gradient0: [3] };
    expect(() => kernelOutputShapes('SmolAdamwUpdate', update)).toThrow('gradient0 must be […], got [3]');
    expect(() => kernelOutputShapes('SmolSwiglu', { gate: [2] })).toThrow('SmolSwiglu: up must be […], got nothing');
    expect(() => kernelOutputShapes('SmolRmsNorm', { x: [2, 3], gain: [3, 1] })).toThrow('gain must be [D], got [3,1]');
  });
});
