import { EngineError } from '../engine-error.ts';
import { isNode } from '../wasm/worker-thread.ts';

/** A fresh range of memory; the buffer lives as long as anything refers to it. */
export interface Reservation {
  readonly address: number;
  readonly buffer: ArrayBuffer;
}

/** What the compiled addon offers, see native/addon.cpp. */
export interface NativeAddon {
  /** Name of the instruction set in use. */
  readonly instructionSet: string;
  /** Columns of a packed panel of the right operand of a product. */
  readonly panelColumns: number;
  /** Rows of the left operand that are packed together. */
  readonly panelRows: number;
  readonly kernels: readonly string[];
  /** Where the arguments of the next `run` are written. */
  readonly arguments: Float64Array;
  setThreads(threads: number): number;
  run(kernel: number, units: number, grain: number, argumentCount: number): void;
  reserve(bytes: number): Reservation | undefined;
}

interface AddonModule {
  start(instructionSet: string): NativeAddon | undefined;
}

/** The addon, or why it could not be had. */
export type LoadedAddon = { readonly addon: NativeAddon } | { readonly causes: readonly string[] };

/** Name of the package with the compiled addon for this machine. */
function platformPackage(): string {
  const { glibcVersionRuntime } = (process.report?.getReport() as { header?: Record<string, string> })?.header ?? {};
  const musl = process.platform === 'linux' && glibcVersionRuntime === undefined ? '-musl' : '';
  return `@smol/engine-${process.platform}-${process.arch}${musl}`;
}

/** Where the addon may lie, in order: SMOL_NATIVE_ADDON, the build in this package, the package for this platform. */
function* candidates(require: NodeJS.Require): Generator<string> {
  const override = process.env['SMOL_NATIVE_ADDON'];
  if (override) return yield override;
  yield require.resolve('@smol/engine/package.json').replace(/package\.json$/, 'native/build/smol.node');
  yield platformPackage(); // asked for last: finding the C library takes a while
}

/** What was loaded, by the environment variables that decide on it. */
const loaded = new Map<string, LoadedAddon>();

/** Loads and starts the addon, once. SMOL_NATIVE_ISA chooses an instruction set. */
export function loadAddon(): LoadedAddon {
  if (!isNode()) return { causes: ['it runs in Node only'] };
  const key = `${process.env['SMOL_NATIVE_ADDON']}\n${process.env['SMOL_NATIVE_ISA']}`;
  const known = loaded.get(key) ?? tryCandidates();
  loaded.set(key, known);
  return known;
}

function tryCandidates(): LoadedAddon {
  const { createRequire } = process.getBuiltinModule('node:module') as typeof import('node:module');
  const require = createRequire(import.meta.url);
  const causes: string[] = [];
  for (const path of candidates(require)) {
    try {
      return { addon: startAddon(require(path) as AddonModule) };
    } catch (cause) {
      causes.push(`${path}: ${firstLine(cause)}`);
    }
  }
  return { causes };
}

function startAddon(module: AddonModule): NativeAddon {
  const set = process.env['SMOL_NATIVE_ISA'] ?? '';
  const addon = module.start(set);
  if (addon !== undefined) return addon;
  const wanted = set === '' ? 'the instruction sets it was compiled for' : `SMOL_NATIVE_ISA=${set}`;
  const message = `this processor does not support ${wanted}, or the engine has started on another set`;
  throw new EngineError('ENGINE_UNAVAILABLE', message);
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split('\n', 1)[0];
}
