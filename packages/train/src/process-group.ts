/** Numbers in memory that a group may work on in place. */
export interface HostBuffer {
  kind: 'host';
  dtype: 'f32';
  data: Float32Array;
}

/** An operation under way; the buffer belongs to the group until `wait` returns. */
export interface Work {
  wait(): void;
}

/** How values of different processes are combined. */
export type ReduceOperation = 'sum' | 'max' | 'min';

/**
 * The processes that train one model together, as the Trainer sees them: the part of a collective library that it uses.
 * Every process makes the same calls in the same order.
 */
export interface ProcessGroup {
  readonly rank: number;
  readonly size: number;
  /** Whether values may stay in their tensors (there is nobody to exchange them with). */
  readonly can: { readonly keepTensors: boolean };
  /** Combines the buffers of all processes, in place; the same bits on every rank. Default `sum`. */
  allReduce(buffer: HostBuffer, options?: { op?: ReduceOperation; label?: string }): Work;
  /** A small vote in f64: combines each flag over all processes. Default `max`. */
  agree(flags: Readonly<Record<string, number>>, op?: ReduceOperation): Record<string, number>;
}

/** The group of one process: nothing to exchange, everybody agrees. */
export class LocalGroup implements ProcessGroup {
  readonly rank = 0;
  readonly size = 1;
  readonly can = { keepTensors: true };

  allReduce(): Work {
    return { wait: () => {} };
  }

  agree(flags: Readonly<Record<string, number>>): Record<string, number> {
    return { ...flags };
  }
}
