import type { BenchRow } from './bench-row.ts';
import { developerSetRows } from './developer-sets.ts';
import { ocrRows } from './ocr.ts';
import { qualityRows } from './quality.ts';
import { speedRows } from './speed.ts';

/** Speed and quality beside the converters people pick today, in one run. Peers that are not on the machine have no value. */
export async function bench(): Promise<BenchRow[]> {
  return [...(await speedRows()), ...(await ocrRows()), ...(await qualityRows()), ...(await developerSetRows())];
}
