import type { Splitter } from './pieces.ts';
import { splitCl100k, splitGpt2, splitO200k } from './split-scanners.ts';
import { TokenizerError } from './tokenizer-error.ts';
import { translateRegex } from './translate-regex.ts';

/** Names of the published split patterns. */
export type PatternName = 'gpt2' | 'cl100k' | 'o200k' | 'llama3';

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const CL100K = `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';

/**
 * The patterns as their authors publish them: GPT-2 (openai/gpt-2), cl100k_base and o200k_base (openai/tiktoken), Llama 3
 * (whose pattern is cl100k_base's; SmolLM3 uses it too).
 */
export const PATTERN_SOURCES: Readonly<Record<PatternName, string>> = {
  gpt2: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  cl100k: CL100K,
  llama3: CL100K,
  o200k: [
    `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+${CONTRACTIONS}?`,
    `[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*${CONTRACTIONS}?`,
    '\\p{N}{1,3}',
    ' ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*',
    '\\s*[\\r\\n]+',
    '\\s+(?!\\S)',
    '\\s+',
  ].join('|'),
};

const SCANNERS: ReadonlyMap<string, Splitter> = new Map([
  [PATTERN_SOURCES.gpt2, splitGpt2],
  [PATTERN_SOURCES.cl100k, splitCl100k],
  [PATTERN_SOURCES.o200k, splitO200k],
]);

/** Whether a pattern is one of the published ones; their pieces cover any text. */
export function isPublished(source: string): boolean {
  return SCANNERS.has(source);
}

/** UTF-8 bytes of a well-formed text from `start` to `end`. */
function byteCount(text: string, start: number, end: number): number {
  let count = 0;
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) count += 1;
    else count += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 2 : 3;
  }
  return count;
}

/**
 * Splits by a regular expression: its matches and the gaps between them are the pieces (Hugging Face: `Isolated`).
 *
 * @param source in the dialect of Rust and Oniguruma
 * @throws TokenizerError `UNSUPPORTED_PATTERN`
 */
export function regexSplitter(source: string): Splitter {
  const pattern = compile(source);
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return ({ bytes }, start, end, pieces) => {
    const text = decoder.decode(bytes.subarray(start, end));
    let unit = 0;
    let byte = start;
    const cutAt = (index: number): void => {
      if (index === unit) return;
      byte += byteCount(text, unit, index);
      pieces.push(byte);
      unit = index;
    };
    for (const match of matches(pattern, text, source)) {
      cutAt(match.index);
      cutAt(match.index + match[0].length);
    }
    cutAt(text.length);
  };
}

function compile(source: string): RegExp {
  const translated = translateRegex(source);
  try {
    return new RegExp(translated, 'gu');
  } catch (cause) {
    throw new TokenizerError('UNSUPPORTED_PATTERN', `split pattern: ${(cause as Error).message}`, { cause });
  }
}

function* matches(pattern: RegExp, text: string, source: string): Generator<RegExpExecArray> {
  try {
    yield* text.matchAll(pattern);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    const message = `split pattern ${JSON.stringify(source.slice(0, 80))} exhausted the stack on a text of ${text.length} characters; split the text first, or use a published pattern`;
    throw new TokenizerError('UNSUPPORTED_PATTERN', message, { cause });
  }
}

/**
 * The fastest splitter for a pattern: a scanner for the published ones, else the regular expression itself.
 *
 * @throws TokenizerError `UNSUPPORTED_PATTERN`
 */
export function patternSplitter(source: string): Splitter {
  return SCANNERS.get(source) ?? regexSplitter(source);
}

/**
 * The source of a pattern given by name or as an expression. Of an expression only the source counts, read in the dialect
 * of `tokenizer.json` (where `\s` is White_Space), so that a saved tokenizer splits as this one does.
 *
 * @throws TokenizerError `INVALID_ARGUMENT` for an unknown name or the flag `i`, `m` or `s`
 */
export function patternSource(pattern: PatternName | RegExp): string {
  if (pattern instanceof RegExp) {
    if (/[ims]/.test(pattern.flags)) {
      throw new TokenizerError(
        'INVALID_ARGUMENT',
        `a split pattern cannot have the flags "${pattern.flags}"; only u, v and g`,
      );
    }
    return pattern.source;
  }
  if (!Object.hasOwn(PATTERN_SOURCES, pattern)) {
    const names = Object.keys(PATTERN_SOURCES).join(', ');
    throw new TokenizerError(
      'INVALID_ARGUMENT',
      `unknown split pattern "${String(pattern)}"; use ${names} or a RegExp`,
    );
  }
  return PATTERN_SOURCES[pattern];
}
