import { expect, it } from 'vitest';
import { buildFragments } from './build-fragments.ts';
import { joinRow } from './build-lines.ts';
import type { Character } from './character.ts';

/** Glyphs 6 wide at the given places; a space in `texts` is one that PDFium saw. */
function read(texts: string[], lefts: number[]): string {
  const place = { top: 91, bottom: 103, baseline: 100, size: 10, bold: false, hidden: false };
  const glyphs = texts.map((text, index): Character => {
    return {
      ...place,
      text: text.trim(),
      left: lefts[index],
      right: lefts[index] + 6,
      afterSpace: text.startsWith(' '),
    };
  });
  return joinRow(buildFragments(glyphs)).text;
}

it('puts a mark to the left of a number behind it, in text that runs to the left', () => {
  expect(read(['م', 'ص', ' ،', '2', '0', '2', '3', ' و'], [60, 54, 21, 27, 33, 39, 45, 12])).toBe('مص 2023، و');
});

it('keeps a mark before a number that follows it', () => {
  expect(read(['م', 'ص', '،', ' 2', '0', '2', '3'], [60, 54, 48, 21, 27, 33, 39])).toBe('مص، 2023');
  expect(read(['a', ',', '2'], [0, 6, 12])).toBe('a,2');
});
