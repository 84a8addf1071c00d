import type { AttentionLoops } from '../kernels/attention.ts';
import type { WasmBackend } from './wasm-backend.ts';

/** The scratch area that a loop with these arguments takes as its last two. */
function withScratch(backend: WasmBackend, args: number[], bytes: number): number[] {
  return [...args, backend.scratch(bytes), bytes];
}

/** Attention of the wasm engine; the loops are in assembly/attention.ts and assembly/attention-gradient.ts. */
export const attentionLoops: AttentionLoops<WasmBackend> = {
  queryBlocks: ({ pool }, { queries }) => pool.exports.attentionQueryBlocks(queries),
  forward(backend, { batch, groups, queries, keys, dimension }, args) {
    const { exports } = backend.pool;
    const bytes = exports.attentionScratchBytes(queries, keys, dimension);
    const units = batch * groups * exports.attentionQueryBlocks(queries);
    backend.pool.run('attention', units, 1, ...withScratch(backend, args, bytes));
  },
  gradient(backend, { batch, groups, queries, keys, dimension }, args) {
    const bytes = backend.pool.exports.attentionGradientScratchBytes(queries, keys, dimension);
    backend.pool.run('attentionGradient', batch * groups, 1, ...withScratch(backend, args, bytes));
  },
};
