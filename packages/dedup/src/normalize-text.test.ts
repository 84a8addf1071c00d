import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import fixture from './fixtures/datatrove.json' with { type: 'json' };
import { PUNCTUATION, normalizeText } from './normalize-text.ts';

describe('normalizeText', () => {
  it.each([
    ['$17.56||1|\n|$15.37||2599|', '0 0 0 0'],
    ['Café — naïve, 3.14 & 2,000,000!', 'cafe naive 0 0 0'],
    ['12.34.56', '0 0'],
    ['İstanbul ﬁne １２３ ١٢٫٥', 'istanbul ﬁne 0 0'],
    ["don't stop… ☃ #1", 'don t stop ☃ 0'],
    ['¿Qué? ¡Sí! § 5 • x', '¿que ¡si § 0 • x'],
    ['', ''],
    [' \t\n\u00a0', ''],
    ['a \u0301 b', 'a  b'],
  ])('makes %j into %j', (text, expected) => expect(normalizeText(text)).toBe(expected));

  it('counts 129 punctuation characters, of which one is a digit', () => {
    expect([...PUNCTUATION]).toHaveLength(129);
    expect(normalizeText(PUNCTUATION)).toBe('0');
  });

  it('keeps U+FEFF, which Python does not take for white space', () => {
    expect(normalizeText('\ufeffa\ufeff \ufeff b ')).toBe('\ufeffa\ufeff \ufeff b');
  });

  it("gives what datatrove's simplify_text gives", () => {
    expect(fixture.texts.map(normalizeText)).toEqual(fixture.normalized);
  });

  it('changes nothing when done twice, apart from spaces and numbers that removed marks bring together', () => {
    const onceMore = (text: string) => normalizeText(text.replace(/ +/g, ' '));
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aÉİ 1,.x\n\u0301—Σ漢') }), (text) => {
        const once = normalizeText(text);
        expect(onceMore(once)).toBe(once.replace(/ +/g, ' ').replace(/0+/g, '0'));
      }),
    );
  });

  it('takes time in proportion to the length of hostile text', { timeout: 10_000 }, () => {
    for (const unit of ['1.', ' ', '\u0301', '.', '١٫']) {
      expect(normalizeText(unit.repeat(500_000)).length).toBeLessThan(1_000_001);
    }
  });
});
