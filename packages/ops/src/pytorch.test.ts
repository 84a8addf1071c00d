import { expect, it } from 'vitest';
import { pytorchCases, pytorchDifferences } from './fixtures/pytorch-cases.ts';
import { describeBothPaths } from './fixtures/testing.ts';

describeBothPaths('every op gives what PyTorch gives, value and gradients', () => {
  it.each(pytorchCases)('%s', (_, testCase) => {
    const differences = pytorchDifferences(testCase);
    expect(differences).toHaveLength(1 + testCase.gradients.length);
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });
});
