import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from './engine-error.ts';
import { attentionKernels } from './kernels/attention.ts';
import { matrixMultiplyKernel } from './kernels/matrix-multiply.ts';
import { registerKernels } from './kernels/register-kernels.ts';
import { attentionLoops } from './native/attention-loops.ts';
import { loadAddon } from './native/load-addon.ts';
import { multiplyInto } from './native/multiply.ts';
import { NativeBackend } from './native/native-backend.ts';
import type { Precision } from './native/native-backend.ts';

/** Name under which the native engine is registered as a tfjs backend. */
const NATIVE_BACKEND = 'smol-native';

/** What to do where the addon is missing. */
const REMEDY =
  "install a C++ compiler (g++ or clang++) and run `npx smol-engine build`, or use the engine 'wasm', which needs nothing";

/** Whether the addon is there and runs on this processor; if not, why. */
export function findNative():
  | { readonly found: true; readonly instructionSet: string }
  | { readonly found: false; readonly why: string } {
  const loaded = loadAddon();
  if ('addon' in loaded) return { found: true, instructionSet: loaded.addon.instructionSet };
  return { found: false, why: loaded.causes.join('; ') };
}

/** The native backend, if it has been registered. */
export function findNativeBackend(): NativeBackend | undefined {
  return (tf.findBackend(NATIVE_BACKEND) as NativeBackend | null) ?? undefined;
}

/** Switches to the native backend, making it if needed. Tensors it already holds live on. Throws EngineError ENGINE_UNAVAILABLE. */
export async function useNative(threads: number, precision: Precision): Promise<NativeBackend> {
  const backend = findNativeBackend() ?? createBackend();
  backend.precision = precision;
  backend.pool.resize(threads);
  await tf.setBackend(NATIVE_BACKEND);
  return backend;
}

function createBackend(): NativeBackend {
  const loaded = loadAddon();
  if (!('addon' in loaded)) {
    const causes = loaded.causes.join('; ');
    throw new EngineError('ENGINE_UNAVAILABLE', `the engine 'native' is not there (${causes}); ${REMEDY}`);
  }
  const { totalmem } = process.getBuiltinModule('node:os') as typeof import('node:os');
  const backend = new NativeBackend(loaded.addon, totalmem());
  registerKernels(NATIVE_BACKEND, [matrixMultiplyKernel(multiplyInto), ...attentionKernels(attentionLoops)]);
  tf.registerBackend(NATIVE_BACKEND, () => backend);
  return backend;
}
