import { TokenizerError } from './tokenizer-error.ts';

/** A token that is looked for in the text itself, before the text is split. */
export interface AddedToken {
  id: number;
  content: string;
  /** Special tokens mark structure; they are found only where the caller allows it. */
  special: boolean;
}

/** Which special tokens a text may contain. */
export type SpecialTokenSet = 'all' | 'none' | Iterable<string>;

/** A part of a text: ordinary text, or an added token. */
export type TextPart = { text: string; token?: undefined } | { text: string; token: AddedToken };

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
    const ordinary = [...this.#byContent.values()].filter((token) => !token.special).map(({ content }) => content);
    const pattern = this.#pattern([...ordinary, ...allowed]);
    if (pattern === undefined) return [{ text }];
    const parts: TextPart[] = [];
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      if (match.index > end) parts.push({ text: text.slice(end, match.index) });
      parts.push({ text: match[0], token: this.#byContent.get(match[0]) as AddedToken });
      end = match.index + match[0].length;
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
