/**
 * What fastText sees of a text: its words, their 32-bit FNV-1a hashes, and the buckets of its word n-grams.
 * Joulin et al., "Bag of tricks for efficient text classification" (2016); the hashes are fastText's, sign quirks included.
 */

/** Prefix of labels in training files and dictionaries. */
export const LABEL_PREFIX = '__label__';
/** The word that ends every sample. */
export const END_OF_SAMPLE = '</s>';

const NGRAM_MULTIPLIER = 116_049_371;
const SPACE = /[ \n\r\t\v\f\0]+/;

/** fastText's hash of a word: FNV-1a over UTF-8 with every byte taken as a signed one, as a signed 32-bit integer. */
export function hashWord(word: string): number {
  let hash = 2_166_136_261 | 0;
  for (let index = 0; index < word.length; index++) {
    const unit = word.charCodeAt(index);
    if (unit >= 0x80) return hashBytes(Buffer.from(word));
    hash = Math.imul(hash ^ unit, 16_777_619);
  }
  return hash;
}

function hashBytes(bytes: Uint8Array): number {
  let hash = 2_166_136_261 | 0;
  for (const byte of bytes) hash = Math.imul(hash ^ ((byte << 24) >> 24), 16_777_619);
  return hash;
}

/** The words of a text on one line, the end of the sample behind them; words that look like labels are left out. */
export function sampleWords(text: string): string[] {
  const words = text.split(SPACE).filter((word) => word !== '' && !word.startsWith(LABEL_PREFIX));
  words.push(END_OF_SAMPLE);
  return words;
}

/**
 * Buckets of all n-grams of 2 to `maximumLength` words, in fastText's order. The hash of an n-gram is
 * ((h₁·m + h₂)·m + h₃)… modulo 2⁶⁴ over sign-extended word hashes; it is kept as two 32-bit halves.
 */
export function ngramBuckets(hashes: ArrayLike<number>, maximumLength: number, bucketCount: number): number[] {
  const buckets: number[] = [];
  for (let first = 0; first < hashes.length; first++) {
    let low = hashes[first] >>> 0;
    let high = hashes[first] < 0 ? 0xffffffff : 0;
    for (let last = first + 1; last < hashes.length && last < first + maximumLength; last++) {
      const product = multiply(low, NGRAM_MULTIPLIER);
      const sum = product.low + (hashes[last] >>> 0);
      const extension = hashes[last] < 0 ? 0xffffffff : 0;
      high = (Math.imul(high, NGRAM_MULTIPLIER) + product.high + extension + (sum > 0xffffffff ? 1 : 0)) >>> 0;
      low = sum >>> 0;
      buckets.push(remainder(high, low, bucketCount));
    }
  }
  return buckets;
}

/** The 64-bit product of two unsigned 32-bit integers, the second below 2²⁷, as halves. */
function multiply(a: number, b: number): { high: number; low: number } {
  const lower = (a & 0xffff) * b;
  const upper = (a >>> 16) * b + Math.floor(lower / 0x10000);
  return { high: Math.floor(upper / 0x10000), low: (((upper & 0xffff) << 16) | (lower & 0xffff)) >>> 0 };
}

/** Above this the product of two remainders leaves the exact integers. */
const EXACT_BUCKETS = 2 ** 26;

function remainder(high: number, low: number, divisor: number): number {
  if (divisor > EXACT_BUCKETS) return Number(((BigInt(high) << 32n) | BigInt(low)) % BigInt(divisor));
  return ((high % divisor) * (0x100000000 % divisor) + low) % divisor;
}
