import { workerProgram } from './work-loop.ts';
import type { WorkerSetup } from './work-loop.ts';

/** A started thread. */
export interface WorkerThread {
  terminate(): void;
}

/** True in Node, where threads always share memory and the main thread may block. */
export function isNode(): boolean {
  return typeof process !== 'undefined' && process.versions?.node !== undefined;
}

/** True where threads can share memory: Node, and web pages that are cross-origin isolated. */
export function canStartThreads(): boolean {
  return isNode() || (typeof Worker !== 'undefined' && globalThis.crossOriginIsolated);
}

/** Threads the machine can run at once. */
export function availableThreads(): number {
  if (isNode()) return process.getBuiltinModule('node:os').availableParallelism();
  return globalThis.navigator?.hardwareConcurrency ?? 1;
}

/**
 * Starts a thread from the program text, so that nothing depends on where files lie: sources, bundle and web page
 * start threads in the same way. The thread does not keep the process alive.
 */
export function startThread(setup: WorkerSetup): WorkerThread {
  if (!isNode()) return startWebThread(setup);
  const { Worker } = process.getBuiltinModule('node:worker_threads'); // not an import: bundlers for the web would look for it
  const program = workerProgram(`require('node:worker_threads').workerData`);
  const worker = new Worker(program, { eval: true, workerData: setup, execArgv: [] });
  worker.unref();
  return { terminate: () => void worker.terminate() };
}

function startWebThread(setup: WorkerSetup): WorkerThread {
  const program = workerProgram('event.data').replace(/\n(.*)$/, '\nonmessage = (event) => $1');
  const url = URL.createObjectURL(new Blob([program], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.postMessage(setup, []);
  URL.revokeObjectURL(url);
  return worker;
}
