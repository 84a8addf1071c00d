import { TokenizerError } from './tokenizer-error.ts';

/** A token that is looked for in the text itself, before the text is split. */
export interface AddedToken {
  id: number;
  content: string;
  /** Special tokens mark structure; they are found only where the caller allows it. */
  special: boolean;
  /** Takes the white space before it along. */
  leftStrip?: boolean;
  /** Takes the white space after it along. */
  rightStrip?: boolean;
  /** Is found between characters that are no word's only. */
  singleWord?: boolean;
  /** Is looked for in the normalized text, after the tokens that are not, in what lies between them. */
  normalized?: boolean;
}

/** Which special tokens a text may contain. */
export type SpecialTokenSet = 'all' | 'none' | Iterable<string>;

/** A part of a text: ordinary text, or an added token with the white space it takes along. */
export type TextPart = { text: string; token?: AddedToken };

const WHITE_SPACE = /\p{White_Space}/u;
/** `\w` of Rust's `regex`. */
const WORD = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const WORD_BEFORE = new RegExp(`${WORD}$`, 'u');
const WORD_AFTER = new RegExp(`^${WORD}`, 'u');

/** Finds added tokens in texts: the leftmost first, of those the longest. */
export class AddedTokenFinder {
  readonly #byContent: ReadonlyMap<string, AddedToken>;
  readonly #patterns = new Map<string, RegExp | undefined>();

  constructor(tokens: readonly AddedToken[]) {
    this.#byContent = new Map(tokens.map((token) => [token.content, token]));
  }

  /**
   * The contents of the special tokens in a set.
   *
   * @throws TokenizerError `UNKNOWN_TOKEN` when one of them is not a special token
   */
  specialTokens(set: SpecialTokenSet): Set<string> {
    if (set === 'none') return new Set();
    const special = [...this.#byContent.values()].filter((token) => token.special).map(({ content }) => content);
    if (set === 'all') return new Set(special);
    const chosen = new Set(set);
    for (const content of chosen) {
      if (!special.includes(content)) {
        throw new TokenizerError(
          'UNKNOWN_TOKEN',
          `${JSON.stringify(content)} is not one of the ${special.length} special tokens`,
        );
      }
    }
    return chosen;
  }

  /** Cuts a text at added tokens: all that are not special, and the special ones in `allowed`. */
  split(text: string, allowed: ReadonlySet<string>): TextPart[] {
    const wanted = [...this.#byContent.values()].filter((token) => !token.special || allowed.has(token.content));
    const cut = (parts: TextPart[], normalized: boolean): TextPart[] => {
      const pattern = this.#pattern(
        wanted.filter((token) => (token.normalized ?? false) === normalized).map(({ content }) => content),
      );
      return pattern ? parts.flatMap((part) => (part.token ? [part] : this.#cut(part.text, pattern))) : parts;
    };
    return wanted.length === 0 ? [{ text }] : cut(cut([{ text }], false), true);
  }

  #cut(text: string, pattern: RegExp): TextPart[] {
    const parts: TextPart[] = [];
    let end = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const token = this.#byContent.get(content) as AddedToken;
      if (index < end || (token.singleWord && !standsAlone(text, index, index + content.length))) continue;
      const from = token.leftStrip ? spacesStart(text, index, end) : index;
      const to = token.rightStrip ? spacesEnd(text, index + content.length) : index + content.length;
      if (from > end) parts.push({ text: text.slice(end, from) });
      parts.push({ text: text.slice(from, to), token });
      end = to;
    }
    if (end < text.length) parts.push({ text: text.slice(end) });
    return parts;
  }

  /** The first token of `refused` that a text contains, where those of `allowed` count as themselves; or undefined. */
  findRefused(text: string, refused: ReadonlySet<string>, allowed: ReadonlySet<string>): string | undefined {
    const pattern = refused.size === 0 ? undefined : this.#pattern([...refused, ...allowed]);
    if (pattern === undefined) return undefined;
    for (const [found] of text.matchAll(pattern)) if (!allowed.has(found)) return found;
    return undefined;
  }

  /** Alternatives are tried in order, so that longer tokens come first. */
  #pattern(contents: readonly string[]): RegExp | undefined {
    const key = JSON.stringify(contents);
    if (!this.#patterns.has(key)) {
      const sorted = contents.toSorted((left, right) => right.length - left.length);
      const source = sorted.map((content) => content.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
      this.#patterns.set(key, contents.length === 0 ? undefined : new RegExp(source, 'gu'));
    }
    return this.#patterns.get(key);
  }
}

/** Whether no character of a word touches a stretch of text. */
function standsAlone(text: string, start: number, end: number): boolean {
  return !WORD_BEFORE.test(text.slice(Math.max(0, start - 2), start)) && !WORD_AFTER.test(text.slice(end, end + 2));
}

/** White space is one UTF-16 unit everywhere in Unicode. */
function spacesStart(text: string, index: number, least: number): number {
  while (index > least && WHITE_SPACE.test(text[index - 1])) index--;
  return index;
}

function spacesEnd(text: string, index: number): number {
  while (index < text.length && WHITE_SPACE.test(text[index])) index++;
  return index;
}
