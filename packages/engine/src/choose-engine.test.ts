import { describe, expect, it } from 'vitest';
import { chooseEngine } from './choose-engine.ts';

describe('chooseEngine', () => {
  it.each([
    { tensorflow: 'gpu', wasm: true, name: 'tensorflow', reason: 'sees a GPU' },
    { tensorflow: 'no-gpu', wasm: true, name: 'wasm', reason: 'sees no GPU' },
    { tensorflow: 'missing', wasm: true, name: 'wasm', reason: 'is not installed' },
    { tensorflow: 'missing', wasm: false, name: 'cpu', reason: 'WebAssembly has no SIMD' },
  ] as const)('takes $name when tfjs-node is $tensorflow and wasm is $wasm', ({ tensorflow, wasm, name, reason }) => {
    const decision = chooseEngine({ tensorflow, wasm });
    expect(decision.name).toBe(name);
    expect(decision.reason).toContain(reason);
  });
});
