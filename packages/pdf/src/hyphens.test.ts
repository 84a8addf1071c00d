import { describe, expect, it } from 'vitest';
import { joinLines, WordCounts } from './hyphens.ts';

function countsOf(...lines: string[]): WordCounts {
  const counts = new WordCounts();
  for (const line of lines) counts.add(line);
  return counts;
}

describe('joinLines', () => {
  it.each([
    ['an unknown word is joined', ['the ferry was re-', 'paired'], 'the ferry was repaired'],
    ['a word written whole elsewhere is joined', ['an algo-', 'rithm'], 'an algorithm'],
    ['a word written with its hyphen elsewhere keeps it', ['a well-', 'known man'], 'a well-known man'],
    ['capitals keep it', ['New-', 'York'], 'New-York'],
    ['numbers keep it', ['2019-', '2021'], '2019-2021'],
    ['single letters keep it', ['by e-', 'mail'], 'by e-mail'],
    ['the last part of a compound keeps it', ['a state-of-the-', 'art method'], 'a state-of-the-art method'],
    ['addresses keep it', ['see example.org/long-', 'path'], 'see example.org/long-path'],
    ['a soft hyphen always goes', ['Donau\u00AD', 'Dampfschiff'], 'DonauDampfschiff'],
    ['a dash that stands alone stays', ['the ferry -', 'that is'], 'the ferry - that is'],
    ['Chinese needs no space', ['标准市场', '模型'], '标准市场模型'],
    ['a word over three lines', ['con-', 'den-', 'sation'], 'condensation'],
  ])('%s', (_, lines, expected) => {
    expect(joinLines(lines, countsOf('the algorithm of a well-known man'))).toBe(expected);
  });

  it('follows the majority when the document writes a word both ways', () => {
    expect(joinLines(['co-', 'operate'], countsOf('cooperate cooperate co-operate'))).toBe('cooperate');
    expect(joinLines(['co-', 'operate'], countsOf('cooperate co-operate co-operate'))).toBe('co-operate');
  });

  it('takes no time that grows with the square of a hostile line', () => {
    const line = `${'a'.repeat(200_000)}-`;
    expect(joinLines([line, 'b', line, line], countsOf(line)).length).toBeGreaterThan(600_000);
  });
});
