import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatTable } from './format.ts';

describe('formatDuration', () => {
  it.each([
    [0, '0:00'],
    [59.6, '1:00'],
    [725, '12:05'],
    [3723, '1:02:03'],
    [-1, '0:00'],
  ])('%d seconds are %s', (seconds, expected) => {
    expect(formatDuration(seconds)).toBe(expected);
  });
});

describe('formatCount', () => {
  it('sets commas', () => {
    expect(formatCount(1_234_567.4)).toBe('1,234,567');
  });
});

describe('formatTable', () => {
  it('sets columns under each other, without blanks at the end', () => {
    const rows = [
      ['7', 'near', 'x'],
      ['1,204', 'like_held_out', ''],
    ];
    expect(formatTable(rows, ['right', 'left', 'left'])).toEqual(['    7  near           x', '1,204  like_held_out']);
  });
});
