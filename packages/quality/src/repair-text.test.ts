import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairText } from './repair-text.ts';

/** Written by scripts/oracle.py: ftfy 6.3.1 with datatrove's settings. */
const rows = JSON.parse(readFileSync(new URL('fixtures/ftfy.json', import.meta.url), 'utf8')) as {
  text: string;
  repaired: string;
}[];

describe('repairText against ftfy', () => {
  it('has more than two hundred texts to look at, most of them broken', () => {
    expect(rows.filter(({ text, repaired }) => text !== repaired).length).toBeGreaterThan(120);
  });

  it.each(rows)('repairs $text', ({ text, repaired }) => expect(repairText(text)).toBe(repaired));
});

describe('repairText', () => {
  it('leaves what is right alone', () => {
    const right = 'Größe, naïve, “quotes”, ﬁne ＦＵＬＬ — Привет, 日本語。\r\nçà et là\u2028…';
    expect(repairText(right)).toBe(right);
  });

  it('is done after one call', () => {
    const piece = fc.constantFrom(...'Ã â € œ ™ é a . ’ Â Ð ± \x85 &amp; &lt; \n �'.split(' '));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = repairText(pieces.join(''));
        expect(typeof once).toBe('string');
        expect(repairText(once).length).toBeLessThanOrEqual(once.length);
      }),
    );
  });

  it.each([
    ['mojibake', 'Ã©'],
    ['spaces', ' '],
    ['references', '&amp;'],
    ['controls', '\x85'],
    ['opening escapes', '\x1b[1;'],
    ['half mojibake', 'â€'],
    ['Arabic mojibake', 'Ø§'],
  ])('takes time in proportion to a megabyte of %s', (_, unit) => {
    const start = performance.now();
    repairText(unit.repeat(1_000_000 / unit.length));
    expect(performance.now() - start).toBeLessThan(8000);
  });
});
