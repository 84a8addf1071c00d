import { kernelsBase64 } from '../generated/kernels.js';

/** A compiled kernel: does the units of work `begin` … `end`-1 of a call. Arguments are numbers; pointers are byte addresses. */
export type WasmKernel = (begin: number, end: number, ...args: number[]) => void;

/** The exports of the module in `assembly/`. */
export interface KernelExports {
  readonly setThread: (index: number) => void;
  readonly multiplyScratchBytes: () => number;
  readonly multiplyUnits: (rows: number, columns: number) => number;
  readonly attentionScratchBytes: (queries: number, keys: number, headDimension: number) => number;
  readonly attentionQueryBlocks: (queries: number) => number;
  readonly attentionGradientScratchBytes: (queries: number, keys: number, headDimension: number) => number;
}

/** Compiles the embedded module. Asynchronous, because web pages may not compile more than 4 kB at once on their main thread. */
export async function compileKernels(): Promise<WebAssembly.Module> {
  const text = atob(kernelsBase64);
  return WebAssembly.compile(Uint8Array.from(text, (character) => character.charCodeAt(0)));
}

/** Names of the exported functions, in the order in which threads number them. */
export function kernelNames(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter((entry) => entry.kind === 'function')
    .map((entry) => entry.name);
}
