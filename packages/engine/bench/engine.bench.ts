import type { BenchRow } from './bench-row.ts';
import { matmulRows } from './matmul-rows.ts';
import { opRows } from './op-rows.ts';
import { overheadRows } from './overhead-rows.ts';
import { stepRows } from './step-rows.ts';

const SECTIONS = { matmul: matmulRows, op: opRows, step: stepRows, overhead: overheadRows };

/** All sections, or those named in SMOL_BENCH_SECTIONS (matmul, op, step, overhead). */
export async function bench(): Promise<BenchRow[]> {
  const wanted = (process.env['SMOL_BENCH_SECTIONS'] ?? Object.keys(SECTIONS).join()).split(',');
  const rows: BenchRow[] = [];
  for (const [name, section] of Object.entries(SECTIONS)) if (wanted.includes(name)) rows.push(...(await section()));
  return rows;
}
