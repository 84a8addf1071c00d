import { EngineError } from '../engine-error.ts';
import type { KernelPool } from '../heap/heap-backend.ts';
import type { NativeAddon } from './load-addon.ts';

/** Runs the addon's kernels on its threads. Results do not depend on their number: units write disjoint outputs. */
export class NativePool implements KernelPool {
  readonly addon: NativeAddon;
  readonly #numbers: ReadonlyMap<string, number>;
  #threads = 1;

  constructor(addon: NativeAddon) {
    this.addon = addon;
    this.#numbers = new Map(addon.kernels.map((name, number) => [name, number]));
  }

  get threads(): number {
    return this.#threads;
  }

  /** Starts or ends threads so that `threads` work, the calling one included. */
  resize(threads: number): void {
    this.#threads = this.addon.setThreads(threads);
  }

  stop(): void {
    this.resize(1);
  }

  run(kernel: string, units: number, grain: number, ...args: number[]): void {
    this.addon.arguments.set(args);
    try {
      this.addon.run(this.#numbers.get(kernel) as number, units, grain, args.length);
    } catch (cause) {
      throw new EngineError('KERNEL_FAILED', `the kernel ${kernel} failed: ${(cause as Error).message}`, { cause });
    }
  }
}
