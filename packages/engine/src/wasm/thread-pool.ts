import { EngineError } from '../engine-error.ts';
import type { KernelPool } from '../heap/heap-backend.ts';
import { createJobBoard, MAXIMUM_ARGUMENTS } from './job-board.ts';
import type { JobBoard } from './job-board.ts';
import { kernelNames } from './kernel-module.ts';
import type { KernelExports, WasmKernel } from './kernel-module.ts';
import { claimChunk, runChunk } from './work-loop.ts';
import { canStartThreads, isNode, startThread } from './worker-thread.ts';
import type { WorkerThread } from './worker-thread.ts';

/** A job is cut into this many chunks a thread, so that a thread that is late or disturbed holds up the others little. */
const CHUNKS_PER_THREAD = 4;
/**
 * How long an idle worker looks for a job before it sleeps: longer than the usual gap between two kernels, because waking takes
 * as long as a small kernel, but not so long that it takes a busy machine's core from the main thread.
 */
const PATIENCE_MS = 0.1;
/** How often the main thread looks whether the others are done before it waits in the kernel of the system. */
const MAIN_SPINS = 20_000;
const START_TIMEOUT_MS = 20_000;

/** Runs kernels on the main thread and its workers. Results do not depend on their number: chunks write disjoint outputs. */
export class ThreadPool implements KernelPool {
  readonly exports: KernelExports;
  readonly #memory: WebAssembly.Memory;
  readonly #module: WebAssembly.Module;
  readonly #names: readonly string[];
  readonly #kernels: readonly WasmKernel[];
  readonly #numbers: ReadonlyMap<string, number>;
  #board: JobBoard = createJobBoard();
  #workers: WorkerThread[] = [];

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.#module = module;
    this.#memory = memory;
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.exports = exports as unknown as KernelExports;
    this.#names = kernelNames(module);
    this.#kernels = this.#names.map((name) => exports[name] as WasmKernel);
    this.#numbers = new Map(this.#names.map((name, number) => [name, number]));
  }

  /** Threads that work, the main thread included. */
  get threads(): number {
    return this.#workers.length + 1;
  }

  /** Starts or stops workers so that `threads` threads work; resolves when all are up. Stays at one where threads cannot be had. */
  async resize(threads: number): Promise<void> {
    this.stop();
    if (threads === 1 || !canStartThreads()) return;
    const shared = { module: this.#module, memory: this.#memory, board: this.#board, kernelNames: this.#names };
    const start = (_: unknown, i: number) => startThread({ ...shared, index: i + 1, patienceMs: PATIENCE_MS });
    const workers = Array.from({ length: threads - 1 }, start);
    try {
      await this.#allReady(workers.length);
    } catch (error) {
      for (const worker of workers) worker.terminate();
      this.#board = createJobBoard();
      throw error;
    }
    this.#workers = workers;
  }

  async #allReady(workers: number): Promise<void> {
    const { state, ready } = this.#board;
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (Atomics.load(state, ready) < workers) {
      if (performance.now() > deadline) {
        throw new EngineError(
          'ENGINE_UNAVAILABLE',
          `only ${Atomics.load(state, ready)} of ${workers} worker threads came up within ${START_TIMEOUT_MS / 1000} s; ` +
            'ask for fewer threads with SMOL_THREADS (1 needs none)',
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Ends the workers; the main thread goes on alone. */
  stop(): void {
    if (this.#workers.length === 0) return;
    const { state, stop, signal } = this.#board;
    Atomics.store(state, stop, 1);
    Atomics.add(state, signal, 1);
    Atomics.notify(state, signal);
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
    this.#board = createJobBoard();
  }

  /** Runs a kernel over `units` units of work, cut into chunks of at least `grain` units when that makes two or more. */
  run(kernel: string, units: number, grain: number, ...args: number[]): void {
    const number = this.#numbers.get(kernel) as number;
    const chunks = Math.min(Math.floor(units / grain), this.threads * CHUNKS_PER_THREAD);
    if (this.#workers.length === 0 || chunks < 2) this.#kernels[number](0, units, ...args);
    else this.#runShared(number, units, chunks, args);
  }

  #runShared(kernel: number, units: number, chunks: number, args: number[]): void {
    const board = this.#board;
    this.#publish(kernel, units, chunks, args);
    let failure: unknown;
    for (let chunk = claimChunk(board); chunk >= 0; chunk = claimChunk(board)) {
      try {
        runChunk(board, this.#kernels, chunk);
      } catch (error) {
        failure = error; // thrown when the others have let go of the job
      }
      Atomics.add(board.state, board.done, 1);
    }
    this.#awaitDone(chunks);
    if (Atomics.exchange(board.state, board.failed, 0) === 1 || failure !== undefined) {
      const message = `the kernel ${this.#names[kernel]} trapped; this is a bug of @smol/engine`;
      throw new EngineError('KERNEL_FAILED', message, { cause: failure });
    }
  }

  #publish(kernel: number, units: number, chunks: number, args: number[]): void {
    const board = this.#board;
    const { state } = board;
    if (args.length > MAXIMUM_ARGUMENTS)
      throw new RangeError(`kernel ${this.#names[kernel]} has ${args.length} arguments`);
    board.args.set(args);
    state[board.kernel] = kernel;
    state[board.units] = units;
    state[board.chunks] = chunks;
    state[board.argumentCount] = args.length;
    Atomics.store(state, board.done, 0);
    Atomics.store(state, board.remaining, chunks);
    Atomics.add(state, board.signal, 1);
    if (Atomics.load(state, board.sleepers) > 0) Atomics.notify(state, board.signal);
  }

  #awaitDone(chunks: number): void {
    const { state, done } = this.#board;
    for (let spin = 0; ; spin++) {
      const finished = Atomics.load(state, done);
      if (finished === chunks) return;
      if (spin > MAIN_SPINS && isNode()) Atomics.wait(state, done, finished, 1);
    }
  }
}
