import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codePointLength, countOccurrences, isWhitespace, splitLines, splitWhitespace, strip } from './python-text.ts';
import { PUNCTUATION, TERMINAL_PUNCTUATION } from './punctuation.ts';

describe('codePointLength', () => {
  it('is Python’s len', () => {
    expect(['', 'é', '😀', 'a😀b', '\ud83d', '\ude00\ud83d'].map(codePointLength)).toEqual([0, 1, 1, 3, 1, 2]);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => codePointLength(text) === [...text].length));
  });
});

describe('splitLines', () => {
  it('breaks where Python does and adds no empty last line', () => {
    expect(splitLines('a\nb\r\nc\rd\ve\ff\x1cg\x1dh\x1ei\x85j\u2028k\u2029')).toEqual([...'abcdefghijk']);
    expect(splitLines('a\n\nb\x1f\n')).toEqual(['a', '', 'b\x1f']);
    expect(splitLines('')).toEqual([]);
    expect(splitLines('\n')).toEqual(['']);
  });
});

describe('whitespace', () => {
  it('is Python’s: separators and U+0085 are, the byte order mark is not', () => {
    const spaces = [...Array(0x10000).keys()].filter(isWhitespace).map((unit) => unit.toString(16));
    expect(spaces.join(' ')).toBe(
      '9 a b c d 1c 1d 1e 1f 20 85 a0 1680 2000 2001 2002 2003 2004 2005 2006 2007 2008 2009 200a 2028 2029 202f 205f 3000',
    );
    expect(splitWhitespace('\ufeffa\x1cb\u3000c \n')).toEqual(['\ufeffa', 'b', 'c']);
    expect(strip('\x85 \x1f a b \u2029')).toBe('a b');
    expect(strip(' \n ')).toBe('');
  });
});

describe('countOccurrences', () => {
  it('does not let occurrences overlap', () => {
    expect(countOccurrences('....... …', '...')).toBe(2);
    expect(countOccurrences('', 'x')).toBe(0);
  });
});

describe('punctuation lists', () => {
  it('have the published sizes', () => {
    expect([PUNCTUATION.size, TERMINAL_PUNCTUATION.size]).toEqual([129, 159]);
    expect(new Set([...PUNCTUATION, ...TERMINAL_PUNCTUATION]).size).toBe(281);
    expect(['¿', '¡', '§', '•'].some((mark) => PUNCTUATION.has(mark))).toBe(false);
  });
});
