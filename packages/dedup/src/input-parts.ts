import type { ByteRange } from './byte-lines.ts';
import { statusOf } from './output-names.ts';

/** A part of an input that one task reads; `range` is `null` for a file that is read as a whole. */
export interface InputPart {
  /** number of the input */
  input: number;
  range: ByteRange | null;
}

/** Least bytes of a part where nothing else is said: so many take seconds, and a few of them employ every core. */
const LEAST_PART_BYTES = 64 * 2 ** 20;
/** About so many parts at most, as every part has a file for each band. */
const MOST_PARTS = 4096;

/** Compressed files and Parquet can only be read from their beginning. */
const isPlain = (path: string) => !/\.(gz|zst|parquet)$/.test(path);

/**
 * Cuts large files of plain JSON Lines into parts of about equal size, so that many workers can read one file. Depends on
 * the sizes of the inputs only, as the results must not depend on the number of workers.
 */
export function cutInputs(paths: readonly string[], partBytes?: number): InputPart[] {
  const sizes = paths.map((path) => statusOf(path).bytes);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const most = partBytes ?? Math.max(LEAST_PART_BYTES, Math.ceil(total / MOST_PARTS));
  return paths.flatMap((path, input): InputPart[] => {
    const count = isPlain(path) ? Math.ceil(sizes[input] / most) : 1;
    if (count < 2) return [{ input, range: null }];
    const cut = (part: number) => Math.floor((part * sizes[input]) / count);
    return Array.from({ length: count }, (_, part) => ({ input, range: { start: cut(part), end: cut(part + 1) } }));
  });
}

/** Bytes of its input that a part is. */
export const bytesOfPart = (inputs: readonly { path: string }[], { input, range }: InputPart): number =>
  range ? range.end - range.start : statusOf(inputs[input].path).bytes;

/** The parts of each input, by place. */
export function partsByInput(inputs: number, parts: readonly InputPart[]): number[][] {
  const ranks = Array.from({ length: inputs }, (): number[] => []);
  for (const [rank, { input }] of parts.entries()) ranks[input].push(rank);
  return ranks;
}
