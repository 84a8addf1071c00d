import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SentenceDeduplicator, splitSentences } from './sentence-deduplicator.ts';

const document = (text: string) => ({ id: '', text });
const anyLength = { minimumWords: 0, minimumSentences: 0 };

describe('SentenceDeduplicator', () => {
  it('cuts out a span of three sentences that stood in an earlier document', () => {
    const deduplicator = new SentenceDeduplicator(anyLength);
    deduplicator.add(document('First here. Accept all cookies. Read our terms. Sign up now. Last here.'));
    const result = deduplicator.add(
      document('Something new. ACCEPT all cookies! Read our terms. Sign up now. And more.'),
    );
    expect(result).toEqual({
      text: 'Something new. And more.',
      kept: true,
      removed: ['ACCEPT all cookies! Read our terms. Sign up now. '],
    });
  });

  it('keeps what is repeated in fewer sentences, and the first occurrence', () => {
    const deduplicator = new SentenceDeduplicator(anyLength);
    const text = 'One is here. Two is here. Three is new.';
    expect(deduplicator.add(document(text))).toEqual({ text, kept: true, removed: [] });
    const other = 'One is here. Two is here. Four is new.';
    expect(deduplicator.add(document(other))).toEqual({ text: other, kept: true, removed: [] });
  });

  it('finds repeats within a document, overlapping ones as one', () => {
    const deduplicator = new SentenceDeduplicator({ ...anyLength, split: (text) => text.match(/.*\n/g) ?? [] });
    const { text, removed } = deduplicator.add(document('a\nb\nc\nd\nx\na\nb\nc\nd\ny\n'));
    expect(text).toBe('a\nb\nc\nd\nx\ny\n');
    expect(removed).toEqual(['a\nb\nc\nd\n']);
  });

  it('does not take empty lines for repeats', () => {
    const deduplicator = new SentenceDeduplicator({ ...anyLength, split: (text) => text.match(/.*\n/g) ?? [] });
    expect(deduplicator.add(document('a\n\n\n\n\n\n\nb\n')).removed).toEqual([]);
  });

  it('drops a document of which too little is left', () => {
    const deduplicator = new SentenceDeduplicator();
    const words = 'These are a good number of words in one sentence that is long. ';
    deduplicator.add(document(words.repeat(6)));
    expect(deduplicator.add(document(`${words.repeat(4)}Few are left.`)).kept).toBe(false);
    expect(deduplicator.add(document('Short but unchanged.')).kept).toBe(true);
  });

  it('leaves spans of few words where that is asked for', () => {
    const deduplicator = new SentenceDeduplicator({ ...anyLength, minimumSpanWords: 7 });
    const text = 'A short. Span of. Six words.';
    deduplicator.add(document(text));
    expect(deduplicator.add(document(text))).toEqual({ text, kept: true, removed: [] });
  });

  it('splits without losing a character', () => {
    const text = '  Dr. Who said: "Go!" Then…\n\nNothing? 漢字です。 終わり。';
    expect(splitSentences(text).join('')).toBe(text);
  });
});

describe('splitSentences', () => {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });
  const atOnce = (text: string) => Array.from(segmenter.segment(text), ({ segment }) => segment);

  it('cuts long texts where the segmenter cuts them as a whole', () => {
    const letters = ['a', 'B', 'Dr', 'ß', '한', '七', '😀', '\u0301'];
    const others = ['. ', '! ', '.', '。', ' ', '\n', '\r\n', '(', ') ', '1', ',', '"', '…'];
    const pieces = (drawn: readonly string[], times: number) =>
      fc.array(fc.constantFrom(...drawn)).map((all) => all.join('').repeat(times));
    const text = fc.array(fc.oneof(pieces([...letters, ...others], 40), pieces(others, 90)), { maxLength: 30 });
    const check = (drawn: string[]) => {
      expect(splitSentences(drawn.join(''))).toEqual(atOnce(drawn.join('')));
    };
    fc.assert(fc.property(text, check), { numRuns: 300 });
  });

  it('takes time that grows with the length', () => {
    const sentence = 'This is a sentence of a text that is long. ';
    expect(splitSentences(sentence.repeat(40_000))).toHaveLength(40_000);
  });
});
