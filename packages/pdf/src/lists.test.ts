import { describe, expect, it } from 'vitest';
import { isConfirmed, ListLevels, readListMark } from './lists.ts';

const confirmed = (texts: string[]) => texts.map((_, index) => isConfirmed(texts.map(readListMark), index));

describe('marks of lists', () => {
  it('are bullets, dashes, numbers, letters and Roman numbers', () => {
    expect(
      ['• one', '– two', '3. three', '(b) four', 'iv) five', 'No. six'].map((text) => readListMark(text)?.marker),
    ).toEqual(['•', '–', '3.', '(b)', 'iv)', undefined]);
  });

  it('need another one beside them, but for bullets', () => {
    expect(confirmed(['• alone'])).toEqual([true]);
    expect(confirmed(['1. alone', 'other'])).toEqual([false, false]);
    expect(confirmed(['1. first', 'what goes on', '2. second'])).toEqual([true, false, true]);
    expect(confirmed(['1. first', '3. third'])).toEqual([false, false]);
    expect(confirmed(['(i) first', '(ii) second'])).toEqual([true, true]);
    expect(confirmed(['(h) eighth', '(i) ninth'])).toEqual([true, true]);
  });

  it('are as deep as they are indented', () => {
    const levels = new ListLevels();
    expect([72, 90, 90, 108, 72, 91].map((left) => levels.next(left))).toEqual([0, 1, 1, 2, 0, 1]);
  });
});
