/**
 * English sentences by the rules of Punkt (Kiss and Strunk 2006). Its trained model is replaced by that model's lists of
 * abbreviations and sentence starters; the statistics on capitalisation are left out.
 */
import { isWhitespace } from './python-text.ts';

const ABBREVIATIONS = new Set(
  `a.a a.c a.d a.g a.h a.m a.m.e a.s a.t adm ala ariz aug ave b.f b.v bros c c.i.t c.v calif chg cie co col colo conn corp cos
  ct d d.c d.h d.w dec dr e e.f e.h e.l e.m f f.g f.j feb fla fri ft g g.d g.f g.k ga gen h h.c h.f h.m i.m.s ill inc j.b j.c j.j
  j.k j.p j.r jan jr k kan ky l l.a l.f l.p lt ltd m m.b.a m.d.c m.j maj messrs mg mich minn mr mrs ms n n.c n.d n.h n.j n.m
  n.v n.y nev nov oct ok okla ore p p.a.m p.m pa ph.d prof r r.a r.h r.i r.j r.k r.t rep reps s s.a s.c s.g s.p.a s.s sen sep
  sept sr st sw t t.j tenn tues u.k u.n u.s u.s.a u.s.s.r v va vs vt w w.c w.r w.va w.w wash wed wis yr`.split(/\s+/),
);

const STARTERS = new Set(
  `according although among both but despite even he however i if in indeed instead it many meanwhile moreover most
  nevertheless nonetheless nor separately similarly since so some the there these they this though thus under when while
  yet`.split(/\s+/),
);

/** An end mark with the closing quotes and brackets and the whitespace behind it, or one that runs into punctuation. */
const CANDIDATE = /[.!?](?:["')\]}‘’“”«»]*\s+|(?=["')\]}‘’“”«»;*:@({[]))/g;
const INITIAL = /^\p{L}$/u;
const NUMBER = /^-?[\d.,]*\d[\d.,]*$/;
const CAPITAL = /^\p{Lu}/u;
const CONTINUATION = /^[\p{Ll};:,.!?]/u;
const WORD_CHARACTER = /[\p{L}\p{N}]/u;
const FIRST_WORD = /^\p{L}+/u;
const WORD_LIMIT = 24;

/** The word that ends at `end` (exclusive), without what it is bracketed by; long runs are cut short. */
function wordBefore(text: string, end: number): string {
  let start = end;
  while (start > 0 && end - start < WORD_LIMIT && !/[\s("'[{‘’“”«»,;:]/.test(text[start - 1])) start--;
  return text.slice(start, end);
}

function isSentenceEnd(text: string, mark: number, next: number): boolean {
  if (text[mark] !== '.') return true;
  const following = text.slice(next, next + WORD_LIMIT);
  if (text[mark - 1] === '.') return CAPITAL.test(following);
  const word = wordBefore(text, mark);
  if (NUMBER.test(word)) return !CONTINUATION.test(following);
  if (!INITIAL.test(word) && !ABBREVIATIONS.has(word.toLowerCase())) return true;
  return CAPITAL.test(following) && STARTERS.has((FIRST_WORD.exec(following)?.[0] ?? '').toLowerCase());
}

/** Where the sentences of an English text begin and end, in turn, without the white space around them. */
export function treebankSentenceSpans(text: string, enough = Infinity): number[] {
  const spans: number[] = [];
  let start = 0;
  let searched = 0;
  let hasWord = false;
  for (const candidate of text.matchAll(CANDIDATE)) {
    const next = candidate.index + candidate[0].length;
    hasWord ||= WORD_CHARACTER.test(text.slice(searched, candidate.index));
    searched = candidate.index;
    if (!hasWord || next >= text.length || !isSentenceEnd(text, candidate.index, next)) continue;
    pushTrimmed(text, start, next, spans);
    if (spans.length >= 2 * enough) return spans;
    start = next;
    hasWord = false;
  }
  pushTrimmed(text, start, text.length, spans);
  return spans;
}

function pushTrimmed(text: string, from: number, to: number, spans: number[]): void {
  let start = from;
  let end = to;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  if (start < end) spans.push(start, end);
}

/** The sentences of an English text, trimmed, in order; close to NLTK's `sent_tokenize`; each holds a letter or a digit where it can. */
export function treebankSentences(text: string): string[] {
  const spans = treebankSentenceSpans(text);
  return Array.from({ length: spans.length / 2 }, (_, index) => text.slice(spans[2 * index], spans[2 * index + 1]));
}
