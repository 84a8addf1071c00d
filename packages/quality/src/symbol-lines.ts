import { PUNCTUATION, TERMINAL_PUNCTUATION } from './punctuation.ts';
import { splitLines, strip } from './python-text.ts';

/** What {@link removeSymbolLines} takes out. */
export interface SymbolLinesOptions {
  /** Lines of these characters and spaces go. Default: datatrove's punctuation. FineWeb2 takes `['|']`. */
  symbols?: Iterable<string>;
  /** Put in the place of a run of such lines. Default nothing; FineWeb2 puts `'\n'`, a break between paragraphs. */
  replacement?: string;
}

/** Punctuation, control characters and ends of sentences. */
const ALL_PUNCTUATION = new Set([...PUNCTUATION, ...TERMINAL_PUNCTUATION]);

/** The last of FineWeb2's final touches: what trafilatura left of tables is lines of `|`. */
export const FINEWEB2_SYMBOL_LINES: SymbolLinesOptions = { symbols: ['|'], replacement: '\n' };

/**
 * Removes lines that consist of symbols only; blank lines stay. Line breaks become `\n`.
 *
 * Source: datatrove's `SymbolLinesFormatter`.
 */
export function removeSymbolLines(text: string, { symbols, replacement = '' }: SymbolLinesOptions = {}): string {
  const removed = symbols ? new Set(symbols) : ALL_PUNCTUATION;
  const lines: string[] = [];
  let inRun = false;
  for (const line of splitLines(text)) {
    const isSymbols = strip(line) !== '' && [...line].every((character) => character === ' ' || removed.has(character));
    if (!isSymbols) lines.push(line);
    else if (!inRun && replacement !== '') lines.push(replacement);
    inRun = isSymbols;
  }
  return lines.join('\n');
}
