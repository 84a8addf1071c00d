import type { Kernel, LoadedText } from './kernel.ts';
import { normalizeText } from './normalize-text.ts';

/** Removing marks can leave neighbouring spaces; the kernel wants one between words. */
const joinByWhitespace = (normalized: string) =>
  normalized.includes('  ') ? normalized.replace(/ {2,}/g, ' ') : normalized;

/** Loads a text as {@link normalizeText} gives it, words separated by single spaces. */
export function loadText(kernel: Kernel, text: string): LoadedText {
  return kernel.loadNormalized(text) ?? kernel.load(joinByWhitespace(normalizeText(text)));
}
