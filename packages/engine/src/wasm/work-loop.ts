import type { JobBoard } from './job-board.ts';
import type { WasmKernel } from './kernel-module.ts';

// The functions of this file run on the main thread and, as text, in worker threads: they may use each other and nothing else.

/** What a worker thread is started with. */
export interface WorkerSetup {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly board: JobBoard;
  readonly kernelNames: readonly string[];
  /** Number of the thread; the main thread is 0. */
  readonly index: number;
  /** How long an idle thread looks for a job before it sleeps. */
  readonly patienceMs: number;
}

/** Takes a chunk of the published job; -1 when none is left. */
export function claimChunk(board: JobBoard): number {
  let remaining = Atomics.load(board.state, board.remaining);
  while (remaining > 0) {
    const seen = Atomics.compareExchange(board.state, board.remaining, remaining, remaining - 1);
    if (seen === remaining) return remaining - 1;
    remaining = seen;
  }
  return -1;
}

/** Does the units of work of one claimed chunk. */
export function runChunk(board: JobBoard, kernels: readonly WasmKernel[], chunk: number): void {
  const { state } = board;
  const units = state[board.units];
  const chunks = state[board.chunks];
  const begin = Math.floor((units * chunk) / chunks);
  const end = Math.floor((units * (chunk + 1)) / chunks);
  kernels[state[board.kernel]](begin, end, ...board.args.subarray(0, state[board.argumentCount]));
}

/** Waits for a job without sleeping; false when none came in time. The clock is asked rarely, since asking takes longer than looking. */
function jobComes(board: JobBoard, patienceMs: number): boolean {
  const deadline = performance.now() + patienceMs;
  do {
    for (let look = 0; look < 1000; look++) if (Atomics.load(board.state, board.remaining) > 0) return true;
  } while (performance.now() < deadline);
  return false;
}

function workUntilStopped(board: JobBoard, kernels: readonly WasmKernel[], patienceMs: number): void {
  const { state } = board;
  while (Atomics.load(state, board.stop) === 0) {
    const signal = Atomics.load(state, board.signal);
    for (let chunk = claimChunk(board); chunk >= 0; chunk = claimChunk(board)) {
      const chunks = state[board.chunks];
      try {
        runChunk(board, kernels, chunk);
      } catch {
        Atomics.store(state, board.failed, 1); // the main thread throws for us
      }
      if (Atomics.add(state, board.done, 1) + 1 === chunks) Atomics.notify(state, board.done);
    }
    if (jobComes(board, patienceMs)) continue;
    Atomics.add(state, board.sleepers, 1);
    Atomics.wait(state, board.signal, signal);
    Atomics.sub(state, board.sleepers, 1);
  }
}

function startWork(setup: WorkerSetup): void {
  const { board } = setup;
  const { exports } = new WebAssembly.Instance(setup.module, { env: { memory: setup.memory } });
  (exports['setThread'] as (index: number) => void)(setup.index);
  Atomics.add(board.state, board.ready, 1);
  workUntilStopped(
    board,
    setup.kernelNames.map((name) => exports[name] as WasmKernel),
    setup.patienceMs,
  );
}

/** The program of a worker thread, given an expression for its `WorkerSetup`. */
export function workerProgram(setup: string): string {
  return `${[claimChunk, runChunk, jobComes, workUntilStopped, startWork].map(String).join('\n')}\n${startWork.name}(${setup});`;
}
