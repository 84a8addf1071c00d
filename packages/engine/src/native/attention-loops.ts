import type { AttentionLoops, AttentionShape } from '../kernels/attention.ts';
import { rowGrain } from '../kernels/kernel.ts';
import type { NativeBackend } from './native-backend.ts';

/** Fewest queries of a unit: five tiles of AVX-512. */
const SMALLEST_BLOCK = 240;
/** So many units keep sixteen threads busy; more would cost memory, for each block of queries has a key gradient of its own. */
const ENOUGH_UNITS = 32;

/** Queries in one unit of work. Depends on the shape only, so that results do not depend on the threads. */
function blockQueries({ batch, groups, queries }: AttentionShape): number {
  const blocks = Math.min(Math.ceil(queries / SMALLEST_BLOCK), Math.max(1, Math.ceil(ENOUGH_UNITS / (batch * groups))));
  return Math.ceil(queries / blocks);
}

function blocksOf(shape: AttentionShape): number {
  return Math.ceil(shape.queries / blockQueries(shape));
}

/** Attention of the native engine; the loops are in native/attention.h and native/attention-gradient.h. */
export const attentionLoops: AttentionLoops<NativeBackend> = {
  queryBlocks: (_backend, shape) => blocksOf(shape),
  forward({ pool }, shape, args) {
    pool.run('attention', shape.batch * shape.groups * blocksOf(shape), 1, ...args, blockQueries(shape));
  },
  gradient(backend, shape, args) {
    const blocks = blocksOf(shape);
    const size = shape.batch * shape.keys * shape.groups * shape.dimension;
    const units = shape.batch * shape.groups * blocks;
    const [dkAt, dvAt] = [8, 9];
    const run = (dk: number, dv: number) =>
      backend.pool.run('attentionGradient', units, 1, ...args.with(dkAt, dk).with(dvAt, dv), blockQueries(shape), size);
    if (blocks === 1) return run(args[dkAt], args[dvAt]);
    const bytes = blocks * size * 4;
    backend.withBlock(2 * bytes, (address) => {
      run(address, address + bytes);
      const add = (from: number, to: number) =>
        backend.pool.run('sumColumns', Math.ceil(size / 16), rowGrain(blocks * 16), from, to, blocks, size);
      add(address, args[dkAt]);
      add(address + bytes, args[dvAt]);
    });
  },
};
