import { expect, it } from 'vitest';
import { pytorchCases, pytorchDifferences } from '../../ops/src/fixtures/pytorch-cases.ts';
import { describeEngines } from './fixtures/engines.ts';

describeEngines('every op gives what PyTorch gives in f64, value and gradients', () => {
  it.each(pytorchCases)('%s', (_, testCase) => {
    expect(Math.max(...pytorchDifferences(testCase))).toBeLessThan(1e-5);
  });
});
