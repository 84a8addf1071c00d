import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from './engine-error.ts';
import { isNode } from './wasm/worker-thread.ts';

const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;
const BACKEND = 'tensorflow';

interface TensorflowBackend {
  readonly isUsingGpuDevice?: boolean;
}

/**
 * Prepares the process for tfjs-node 4.22: it calls `util.isNullOrUndefined`, which Node 23 removed; TensorFlow would take all
 * memory of the GPU; and with several visible GPUs it would put tensors on the last and run kernels on the first.
 */
function prepareProcess(): void {
  const util = process.getBuiltinModule('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  process.env['CUDA_VISIBLE_DEVICES'] ??= process.env['LOCAL_RANK'] ?? '0';
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '1';
}

/** Where to look for tfjs-node: a folder that SMOL_TFJS_NODE names (as scripts/build-tensorflow.mjs makes one), else the packages. */
function candidates(): readonly string[] {
  const folder = process.env['SMOL_TFJS_NODE'];
  return folder === undefined || folder === '' ? PACKAGES : [folder];
}

/** A folder is no module specifier of `import`, but is one of `require`. */
async function load(name: string): Promise<void> {
  const { createRequire } = process.getBuiltinModule('node:module');
  if (PACKAGES.includes(name as (typeof PACKAGES)[number])) await import(/* @vite-ignore */ name);
  else createRequire(`${process.cwd()}/`)(name);
}

/** Reasons why each package could not be loaded. */
type Failures = { readonly name: string; readonly cause: unknown }[];

async function importFirst(): Promise<Failures> {
  const failures: Failures = [];
  for (const name of candidates()) {
    try {
      await load(name);
      return [];
    } catch (cause) {
      failures.push({ name, cause });
    }
  }
  return failures;
}

/** Whether the tensorflow backend can be had and sees a GPU. Imports it, but does not switch to it. */
export async function findTensorflow(): Promise<'gpu' | 'no-gpu' | 'missing'> {
  if (!isNode()) return 'missing';
  prepareProcess();
  if ((await importFirst()).length > 0) return 'missing';
  const backend = tf.findBackend(BACKEND) as TensorflowBackend | null;
  return backend?.isUsingGpuDevice === true ? 'gpu' : 'no-gpu';
}

/** Switches to tfjs-node. Throws EngineError ENGINE_UNAVAILABLE when it cannot be loaded. */
export async function useTensorflow(): Promise<void> {
  if (!isNode())
    throw new EngineError('ENGINE_UNAVAILABLE', "the engine 'tensorflow' runs in Node only; use 'wasm' on a web page");
  prepareProcess();
  const failures = await importFirst();
  if (failures.length > 0 || !(await tf.setBackend(BACKEND))) throw unavailable(failures);
}

function unavailable(failures: Failures): EngineError {
  const causes = failures.map(({ name, cause }) => `${name}: ${firstLine(cause)}`).join('; ');
  return new EngineError(
    'ENGINE_UNAVAILABLE',
    `the engine 'tensorflow' needs tfjs-node, which could not be loaded (${causes}); install one with ` +
      '`npm install @tensorflow/tfjs-node-gpu@4.22.0` (NVIDIA GPU with CUDA 11) or `npm install @tensorflow/tfjs-node@4.22.0` ' +
      "and let its install script run, or choose the engine 'wasm', which needs nothing",
    { cause: failures[0]?.cause },
  );
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0];
}
