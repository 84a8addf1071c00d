import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from './engine-error.ts';
import { attentionKernels } from './kernels/attention.ts';
import { matrixMultiplyKernel } from './kernels/matrix-multiply.ts';
import { registerKernels } from './kernels/register-kernels.ts';
import { attentionLoops } from './wasm/attention-loops.ts';
import { compileKernels } from './wasm/kernel-module.ts';
import { multiplyInto } from './wasm/multiply.ts';
import { WasmBackend } from './wasm/wasm-backend.ts';
import { availableThreads, isNode } from './wasm/worker-thread.ts';

/** Name under which the wasm engine is registered as a tfjs backend. */
const WASM_BACKEND = 'smol-wasm';

/** More threads than this do not pay for the small matrices of small models. */
const MOST_THREADS = 16;

/** The number of threads to use: the option, else SMOL_THREADS, else what the machine offers (at most 16). Throws EngineError BAD_OPTION. */
export function resolveThreads(option: number | undefined): number {
  const setting = isNode() ? process.env['SMOL_THREADS'] : undefined;
  if (option === undefined && (setting === undefined || setting === ''))
    return Math.min(MOST_THREADS, availableThreads());
  const [name, threads] = option === undefined ? ['SMOL_THREADS', Number(setting)] : ['threads', option];
  if (Number.isInteger(threads) && threads >= 1 && threads <= 256) return threads;
  throw new EngineError(
    'BAD_OPTION',
    `${name} must be a whole number from 1 to 256, got ${option ?? JSON.stringify(setting)}`,
  );
}

/** Whether this runtime can compile the kernels: WebAssembly with SIMD and shared memory. */
export async function canUseWasm(): Promise<boolean> {
  return compileKernels().then(
    () => true,
    () => false,
  );
}

/** The wasm backend, if it has been registered. */
export function findWasmBackend(): WasmBackend | undefined {
  return (tf.findBackend(WASM_BACKEND) as WasmBackend | null) ?? undefined;
}

/** Switches to the wasm backend, making it if needed, with the given number of threads. Tensors it already holds live on. */
export async function useWasm(threads: number): Promise<WasmBackend> {
  let backend = findWasmBackend();
  if (backend === undefined) {
    const created = await WasmBackend.create().catch((cause: unknown) => {
      const message =
        "the engine 'wasm' needs WebAssembly with SIMD and shared memory, which this runtime lacks; use Node 20 or a current browser";
      throw new EngineError('ENGINE_UNAVAILABLE', message, { cause });
    });
    backend = created;
    registerKernels(WASM_BACKEND, [matrixMultiplyKernel(multiplyInto), ...attentionKernels(attentionLoops)]);
    tf.registerBackend(WASM_BACKEND, () => created);
  }
  if (backend.pool.threads !== threads) await backend.pool.resize(threads);
  await tf.setBackend(WASM_BACKEND);
  return backend;
}
