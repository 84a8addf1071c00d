import * as tf from '@tensorflow/tfjs-core';
import type { Decision, EngineName } from './choose-engine.ts';
import { describeEngines } from './describe-engines.ts';
import { useCpu } from './cpu-engine.ts';
import { EngineError } from './engine-error.ts';
import { findNativeBackend, useNative } from './native-engine.ts';
import type { Precision } from './native/native-backend.ts';
import { useTensorflow } from './tensorflow-engine.ts';
import { findWasmBackend, resolveThreads, useWasm } from './wasm-engine.ts';

/** An engine by name, or 'auto' for the best one this machine has. */
export type EngineChoice = 'auto' | EngineName;

/** Options of `useEngine`. */
export interface EngineOptions {
  /** Threads of the native and the wasm engine, 1 to 256. Default: the environment variable SMOL_THREADS, else the cores of the machine, at most 16. */
  readonly threads?: number;
  /** Operands of matrix products: 'f32' (default), or 'bf16' with sums in f32, on the native engine. */
  readonly precision?: Precision;
  /** Receives a line that says which engine runs and why, and one that says what would be faster. Default: silence. */
  readonly log?: (line: string) => void;
}

/** The engine in use. */
export interface EngineInfo {
  readonly name: EngineName;
  /** Name of the tfjs backend. */
  readonly backend: string;
  /** Threads that compute; 1 for 'cpu', 0 where the engine decides itself ('tensorflow'). */
  readonly threads: number;
  /** Why this engine was taken. */
  readonly reason: string;
  /** Stops worker threads; the engine works on with one thread. */
  close(): void;
}

const CHOICES: readonly string[] = ['auto', 'tensorflow', 'native', 'wasm', 'cpu'] satisfies EngineChoice[];

/**
 * Makes an engine the current tfjs backend and says why it was taken. May be called again to change engine or threads.
 * Throws EngineError ENGINE_UNAVAILABLE when the engine asked for cannot run here, BAD_OPTION for unknown names or thread counts.
 */
export async function useEngine(choice: EngineChoice = 'auto', options: EngineOptions = {}): Promise<EngineInfo> {
  if (!CHOICES.includes(choice)) {
    throw new EngineError(
      'BAD_OPTION',
      `unknown engine ${JSON.stringify(choice)}; expected one of ${CHOICES.join(', ')}`,
    );
  }
  const { name, reason, advice } = choice === 'auto' ? (await describeEngines()).auto : asked(choice);
  const threads = await start(name, options);
  const suffix = threads === 0 ? '' : ` with ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  options.log?.(`engine ${name}${suffix}: ${reason}`);
  if (advice !== undefined) options.log?.(advice);
  return { name, backend: tf.getBackend(), threads, reason, close: disposeEngine };
}

const asked = (name: EngineName): Decision => ({ name, reason: 'it was asked for' });

async function start(name: EngineName, { threads, precision = 'f32' }: EngineOptions): Promise<number> {
  if (precision === 'bf16' && name !== 'native')
    throw new EngineError(
      'BAD_OPTION',
      `the engine '${name}' computes in f32; only 'native' offers the precision 'bf16'`,
    );
  if (name === 'native') return (await useNative(resolveThreads(threads), precision)).pool.threads;
  if (name === 'wasm') return (await useWasm(resolveThreads(threads))).pool.threads;
  await (name === 'cpu' ? useCpu() : useTensorflow());
  return name === 'cpu' ? 1 : 0;
}

/** Stops the worker threads of the native and the wasm engine. Tensors stay, and kernels run on with one thread. */
export function disposeEngine(): void {
  findNativeBackend()?.pool.stop();
  findWasmBackend()?.pool.stop();
}
