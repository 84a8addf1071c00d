import { chooseEngine } from './choose-engine.ts';
import type { Decision, EngineName } from './choose-engine.ts';
import { findNative } from './native-engine.ts';
import { findTensorflow } from './tensorflow-engine.ts';
import { canUseWasm } from './wasm-engine.ts';

/** Every engine with whether this machine has it and a word on that, and what 'auto' takes. */
export interface EngineReport {
  readonly engines: Record<EngineName, { readonly available: boolean; readonly detail: string }>;
  readonly auto: Decision;
}

/** Looks at this machine without switching engines. */
export async function describeEngines(): Promise<EngineReport> {
  const tensorflow = await findTensorflow();
  const native = findNative();
  const wasm = await canUseWasm();
  return {
    engines: {
      tensorflow: {
        available: tensorflow !== 'missing',
        detail: { gpu: 'on a GPU', 'no-gpu': 'without a GPU', missing: 'tfjs-node is not installed' }[tensorflow],
      },
      native: {
        available: native.found,
        detail: native.found ? `compiled kernels for ${native.instructionSet}` : native.why,
      },
      wasm: { available: wasm, detail: wasm ? 'threads and SIMD' : 'WebAssembly has no SIMD or threads here' },
      cpu: { available: true, detail: 'plain JavaScript' },
    },
    auto: chooseEngine({ tensorflow, native: native.found, wasm }),
  };
}
