/** Engines `useEngine` knows, besides 'auto'. */
export type EngineName = 'tensorflow' | 'native' | 'wasm' | 'cpu';

/** What was found out about this machine. */
export interface Findings {
  /** How tfjs-node was found: with a GPU, without one, or not at all. */
  readonly tensorflow: 'gpu' | 'no-gpu' | 'missing';
  /** Whether the native engine is built and runs on this processor. */
  readonly native: boolean;
  /** Whether WebAssembly with SIMD and threads works here. */
  readonly wasm: boolean;
}

/** The engine taken, the reason as a clause that fits behind "engine NAME: ", and what would be faster. */
export interface Decision {
  readonly name: EngineName;
  readonly reason: string;
  /** What would be faster here and how to get it; undefined when nothing would. */
  readonly advice?: string;
}

const BUILD =
  "the engine 'native' would be several times faster: install a C++ compiler and run `npx smol-engine build`";

/** The rule of 'auto': tensorflow when it is installed and sees a GPU, else native, else wasm, else cpu. */
export function chooseEngine({ tensorflow, native, wasm }: Findings): Decision {
  if (tensorflow === 'gpu') return { name: 'tensorflow', reason: 'tfjs-node is installed and sees a GPU' };
  const without = tensorflow === 'missing' ? 'tfjs-node is not installed' : 'tfjs-node is installed but sees no GPU';
  if (native) return { name: 'native', reason: `${without}, and the compiled kernels are there` };
  if (wasm) return { name: 'wasm', reason: `${without}, and the native engine is not built`, advice: BUILD };
  const reason = `${without}, the native engine is not built, and WebAssembly has no SIMD or threads here; this is very slow`;
  return { name: 'cpu', reason, advice: BUILD };
}
