import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** GFLOPS of multiply-adds in registers; bf16 null where the processor has no instruction for it. */
export interface FmaPeak {
  readonly f32: number;
  readonly bf16: number | null;
}

/** Compiles and runs fma-peak.cpp; undefined where there is no compiler. */
export function fmaPeak(threads: number): FmaPeak | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'smol-peak-'));
  try {
    const program = join(folder, 'fma-peak');
    const source = join(import.meta.dirname, 'fma-peak.cpp');
    const flags = ['-O3', '-std=c++17', '-march=native', '-ffp-contract=fast', '-pthread'];
    execFileSync(process.env['CXX'] ?? 'g++', [...flags, source, '-o', program]);
    return JSON.parse(execFileSync(program, [String(threads)], { encoding: 'utf8' })) as FmaPeak;
  } catch (error) {
    console.error(`the peak of native code is not measured: ${String(error).split('\n', 1)[0]}`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
