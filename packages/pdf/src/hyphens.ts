// Whether a hyphen at the end of a line belongs to the word is decided by how the document writes the word elsewhere.

const WORD = /[\p{L}\p{M}]+(?:[-‐][\p{L}\p{M}]+)*/gu;
const LINE_END_HYPHEN = /[-‐\u00AD]$/u;
/** No word is longer; keeps the search for the last letters of a line short. */
const LAST_LETTERS = /(?<![\p{L}\p{M}])[\p{L}\p{M}]{1,64}$/u;
const FIRST_WORD = /^[\p{L}\p{M}]+/u;

/** How often the document writes each word within a line. */
export class WordCounts {
  /** As they are written. */
  readonly #written = new Map<string, number>();
  /** In lower case, once they are asked for: there are fewer words than there are places where they stand. */
  #counts: Map<string, number> | undefined;

  /** Counts the words of a line, but for one that is broken at its end. */
  add(line: string): void {
    const whole = LINE_END_HYPHEN.test(line) ? line.slice(0, line.lastIndexOf(' ') + 1) : line;
    for (const word of whole.match(WORD) ?? []) increase(this.#written, word, 1);
    this.#counts = undefined;
  }

  count(word: string): number {
    this.#counts ??= this.#fold();
    return this.#counts.get(word.toLowerCase()) ?? 0;
  }

  #fold(): Map<string, number> {
    const folded = new Map<string, number>();
    for (const [word, count] of this.#written) increase(folded, word.toLowerCase().replaceAll('‐', '-'), count);
    return folded;
  }
}

function increase(counts: Map<string, number>, word: string, by: number): void {
  counts.set(word, (counts.get(word) ?? 0) + by);
}

/** Scripts written without spaces: lines join without one. */
const NO_SPACE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303F\uFF00-\uFFEF]/u;

/** Joins the lines of a paragraph: with a space, without, or over a hyphen. */
export function joinLines(lines: string[], counts: WordCounts): string {
  const parts: string[] = [];
  let before = '';
  for (const line of lines) {
    if (before !== '') parts.push(separate(parts, before, line, counts));
    parts.push((before = line));
  }
  return parts.join('').replaceAll('\u00AD', '');
}

/** What stands between two lines; takes the hyphen of a broken word off the end of `parts`. */
function separate(parts: string[], before: string, after: string, counts: WordCounts): string {
  if (!LINE_END_HYPHEN.test(before)) return isGlued(before, after) ? '' : ' ';
  const stem = before.slice(0, -1);
  const left = stem.slice(stem.lastIndexOf(' ') + 1);
  const right = FIRST_WORD.exec(after)?.[0] ?? '';
  if (left === '') return ' '; // a dash that stands alone
  if (before.endsWith('\u00AD') || isBroken(left, right, counts)) parts[parts.length - 1] = stem;
  return '';
}

function isGlued(before: string, after: string): boolean {
  return NO_SPACE.test(before.at(-1) ?? '') && NO_SPACE.test(after[0] ?? '');
}

/** Whether `left-right` at a line end is one word. */
function isBroken(left: string, right: string, counts: WordCounts): boolean {
  const at = left.search(LAST_LETTERS);
  if (!/^\p{Ll}/u.test(right) || at < 0 || /[/@\\:]|\p{L}\.\p{L}/u.test(left)) return false;
  const word = left.slice(at);
  const joined = counts.count(word + right);
  const hyphenated = counts.count(`${word}-${right}`);
  if (joined !== hyphenated) return joined > hyphenated;
  return word.length > 1 && !/[-‐]/.test(left.slice(0, at));
}
