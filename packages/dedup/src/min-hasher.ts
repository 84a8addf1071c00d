import { cutText } from './cut-text.ts';
import { DedupError } from './dedup-error.ts';
import { Kernel } from './kernel.ts';
import type { LoadedText } from './kernel.ts';
import { loadText } from './load-text.ts';
import { resolveMinHashOptions } from './min-hash-options.ts';
import type { MinHashOptions, MinHashSettings } from './min-hash-options.ts';
import { normalizeText } from './normalize-text.ts';
import { drawPermutations } from './permutations.ts';

/** Splits normalised text into words, for languages that don't put spaces between them. */
export type WordSplitter = (normalizedText: string) => string[];

function joinWords(words: string[]): string {
  const bad = words.find((word) => word === '' || /\s/.test(word));
  if (bad === undefined) return words.join(' ');
  throw new DedupError(
    'INVALID_OPTION',
    `words() must give words without white space, got ${JSON.stringify(bad.slice(0, 40))}`,
  );
}

/**
 * Makes MinHash signatures (Broder 1997) that are bit-identical to datatrove's for text whose words are separated by
 * white space.
 *
 * An instance keeps one text in memory at a time and has no other state, so that signatures can be made in any number of
 * workers, in any order.
 */
export class MinHasher {
  /** The settings with every default filled in. */
  readonly options: MinHashOptions;
  readonly #kernel: Kernel;
  readonly #words: WordSplitter | undefined;

  /**
   * @param settings a preset (default `fineweb2`), single values in its place, and `words` to split text of languages
   * that don't separate words by spaces
   * @throws DedupError `INVALID_OPTION` when a value is out of range
   */
  constructor(settings: MinHashSettings & { words?: WordSplitter } = {}) {
    const { words, ...minHashSettings } = settings;
    this.options = resolveMinHashOptions(minHashSettings);
    this.#words = words;
    this.#kernel = new Kernel(drawPermutations(this.options.bands * this.options.rows, this.options.seed));
  }

  /** Memory that the longest text so far has made it take, in bytes. */
  get memoryBytes(): number {
    return this.#kernel.memoryBytes;
  }

  #load(text: string): LoadedText {
    const cut = cutText(text, this.options.maximumCharacters);
    if (this.#words) return this.#kernel.load(joinWords(this.#words(normalizeText(cut))));
    return loadText(this.#kernel, cut);
  }

  /**
   * The signature of a text: `bands · rows` values, band after band; value i is the minimum over all shingles s of
   * ((s · a_i + b_i) mod 2^64) mod (2^61 − 1), of which 32-bit hashes keep the low 32 bits.
   *
   * @returns `null` where the text has fewer words than a shingle: such a text is never a near duplicate
   */
  signature(text: string): BigUint64Array | null {
    return this.#kernel.minima(this.#load(text), this.options.shingleSize, this.options.hash);
  }

  /** The hashes of a text's shingles, sorted, each once: the set whose Jaccard similarity a signature estimates. */
  shingles(text: string): BigUint64Array {
    const blocks: bigint[] = [];
    for (const block of this.#kernel.shingles(this.#load(text), this.options.shingleSize, this.options.hash)) {
      blocks.push(...block);
    }
    const sorted = BigUint64Array.from(blocks).sort();
    return sorted.filter((hash, index) => index === 0 || hash !== sorted[index - 1]);
  }
}
