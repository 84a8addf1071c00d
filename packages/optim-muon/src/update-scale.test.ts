import { expect, it } from 'vitest';
import { updateScale } from './update-scale.ts';

// golden vectors: SmolLM3's gate_proj is 11008×2048, its down_proj 2048×11008
it.each([
  ['keller', 11008, 2048, 2.318405],
  ['keller', 2048, 11008, 1],
  ['moonlight', 11008, 2048, 20.983803],
  ['moonlight', 2048, 11008, 20.983803],
] as const)('%s scale of a %i×%i weight is %f', (scaling, rows, columns, golden) => {
  expect(updateScale(scaling, rows, columns)).toBeCloseTo(golden, 6);
});
