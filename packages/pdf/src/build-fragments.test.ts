import { expect, it } from 'vitest';
import { buildFragments } from './build-fragments.ts';
import type { Character } from './character.ts';

/** Glyphs of 10 points, 6 wide, at the given places; a space in `texts` is one that PDFium saw. */
function glyphs(texts: string[], lefts: number[], baseline = 100): Character[] {
  return texts.map((text, index) => ({
    text: text.trim(),
    left: lefts[index],
    right: lefts[index] + 6,
    top: baseline - 9,
    bottom: baseline + 3,
    baseline,
    size: 10,
    bold: false,
    hidden: false,
    afterSpace: text.startsWith(' '),
  }));
}

const texts = (characters: Character[]) => buildFragments(characters).map(({ text }) => text);

it('finds spaces by gaps, narrower ones where PDFium saw a space, too', () => {
  expect(texts(glyphs(['a', 'b', 'c', ' d', ' e'], [0, 6, 15, 22, 28]))).toEqual(['ab c de']);
});

it('parts at gaps that could be between columns, and at another baseline', () => {
  expect(texts(glyphs(['a', 'b', 'c'], [0, 6, 22]))).toEqual(['ab', 'c']);
  expect(texts([...glyphs(['x'], [0]), ...glyphs(['2'], [6], 96)])).toEqual(['x', '2']);
});

it('follows scripts that run to the left', () => {
  expect(texts(glyphs(['ש', 'ל', 'ו', 'ם', ' א'], [60, 54, 48, 42, 33]))).toEqual(['שלום א']);
});

it('takes the letters of the ligature lam-alef in their order', () => {
  expect(texts(glyphs(['ا', 'ل', 'ا'], [60, 54, 54]))).toEqual(['الا']);
  expect(texts(glyphs(['ك', 'ا', 'ل'], [60, 54, 54]))).toEqual(['كلا']);
});

it('takes glyphs and words that were drawn twice once', () => {
  expect(texts(glyphs(['a', 'a', 'b', 'b'], [0, 0.4, 6, 6.4]))).toEqual(['ab']);
  expect(texts([...glyphs(['a', 'b'], [0, 6]), ...glyphs(['a', 'b'], [0.5, 6.5])])).toEqual(['ab']);
  expect(texts(glyphs(['l', 'l'], [0, 6]))).toEqual(['ll']);
});
