import { describe, expect, it } from 'vitest';
import { chooseEngine } from './choose-engine.ts';

describe('chooseEngine', () => {
  it.each([
    { tensorflow: 'gpu', native: true, wasm: true, name: 'tensorflow', reason: 'sees a GPU' },
    { tensorflow: 'missing', native: true, wasm: true, name: 'native', reason: 'compiled kernels are there' },
    { tensorflow: 'no-gpu', native: true, wasm: true, name: 'native', reason: 'sees no GPU' },
    { tensorflow: 'no-gpu', native: false, wasm: true, name: 'wasm', reason: 'sees no GPU' },
    { tensorflow: 'missing', native: false, wasm: true, name: 'wasm', reason: 'is not installed' },
    { tensorflow: 'missing', native: false, wasm: false, name: 'cpu', reason: 'WebAssembly has no SIMD' },
  ] as const)(
    'takes $name when tfjs-node is $tensorflow, native is $native and wasm is $wasm',
    ({ name, reason, ...findings }) => {
      const decision = chooseEngine(findings);
      expect(decision.name).toBe(name);
      expect(decision.reason).toContain(reason);
    },
  );

  it('says what would be faster, and how to get it, unless nothing would', () => {
    expect(chooseEngine({ tensorflow: 'missing', native: true, wasm: true }).advice).toBeUndefined();
    expect(chooseEngine({ tensorflow: 'missing', native: false, wasm: true }).advice).toContain(
      'npx smol-engine build',
    );
  });
});
