import { Kernel } from './kernel.ts';
import type { HashName } from './kernel.ts';

let kernel: Kernel | undefined;

/**
 * The hash of a text's UTF-8 bytes as an unsigned number: `xxh64` and `xxh32` with seed 0, `sha1-64` and `sha1-32` the
 * first 8 or 4 digest bytes read little-endian. The same numbers as datatrove's hash functions give.
 */
export function hashText(text: string, hash: HashName): bigint {
  kernel ??= new Kernel({ a: new BigUint64Array(0), b: new BigUint64Array(0) });
  return kernel.hash(text, hash);
}
