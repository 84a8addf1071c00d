/** Engines `useEngine` knows, besides 'auto'. */
export type EngineName = 'tensorflow' | 'wasm' | 'cpu';

/** What was found out about this machine. */
export interface Findings {
  /** How tfjs-node was found: with a GPU, without one, or not at all. */
  readonly tensorflow: 'gpu' | 'no-gpu' | 'missing';
  /** Whether WebAssembly with SIMD and threads works here. */
  readonly wasm: boolean;
}

/** The engine taken and the reason, as a clause that fits behind "engine NAME: ". */
export interface Decision {
  readonly name: EngineName;
  readonly reason: string;
}

/** The rule of 'auto': tensorflow when it is installed and sees a GPU, else wasm, else cpu. */
export function chooseEngine({ tensorflow, wasm }: Findings): Decision {
  if (tensorflow === 'gpu') return { name: 'tensorflow', reason: 'tfjs-node is installed and sees a GPU' };
  const without = tensorflow === 'missing' ? 'tfjs-node is not installed' : 'tfjs-node is installed but sees no GPU';
  if (wasm) return { name: 'wasm', reason: without };
  return { name: 'cpu', reason: `${without}, and WebAssembly has no SIMD or threads here; this is very slow` };
}
