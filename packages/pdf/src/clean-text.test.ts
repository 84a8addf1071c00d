import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cleanText } from './clean-text.ts';

it.each([
  ['ligatures become letters', 'e\uFB03cient \uFB01re \uFB06yle', 'efficient fire style'],
  ['Arabic presentation forms become letters', '\uFE8D\uFEE0\uFEF4\uFEF0', 'اليى'],
  ['accents are composed', 'Mo\u0308we', 'Möwe'],
  ['other compatibility characters stay', 'x² ½ Ⅳ ﾊ', 'x² ½ Ⅳ ﾊ'],
  ['spaces of all kinds become one', ' a\u00A0\u2003b\tc\r\n', 'a b c'],
  ['invisible and private characters go', 'a\u00ADb\u200Bc\u0002d\uFEFFe\uE123f\uFFFE', 'abcdef'],
  ['joiners stay', 'می\u200Cخواهم 👩\u200D🚀', 'می\u200Cخواهم 👩\u200D🚀'],
  ['bullets of symbol fonts become bullets', '\uF0B7 one', '• one'],
  ['halves of surrogate pairs go', 'a\uD83Db', 'ab'],
])('%s', (_, text, expected) => expect(cleanText(text)).toBe(expected));

it('is done after one pass, and leaves nothing unwanted', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const clean = cleanText(text);
      expect(cleanText(clean)).toBe(clean);
      expect(clean).not.toMatch(/[\p{Cc}\p{Cs}\p{Co}\uFB00-\uFB06\u00AD]| {2}|^ | $/u);
    }),
  );
});
