import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHANGED_LETTER, isNewer } from './newer-characters.ts';
import { PaddedBytes } from './padded-bytes.ts';
import type { PatternName } from './patterns.ts';
import { PATTERN_SOURCES, patternSource, patternSplitter, regexSplitter } from './patterns.ts';
import type { Splitter } from './pieces.ts';
import { PieceEnds } from './pieces.ts';
import { anyText, difficultText, DIFFICULT_TEXTS } from './fixtures/test-texts.ts';

function pieces(split: Splitter, text: string): string[] {
  const bytes = new TextEncoder().encode(text);
  const ends = new PieceEnds();
  split(PaddedBytes.from(bytes), 0, bytes.length, ends);
  const starts = [0, ...ends.items.subarray(0, ends.size)];
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return starts.slice(0, -1).map((start, index) => decoder.decode(bytes.subarray(start, starts[index + 1])));
}

/** Letters newer than Unicode 16 are none to the scanners, whatever the engine's regular expressions say. */
const isOlder = (text: string): boolean =>
  ![...text].some((character) => {
    const codePoint = character.codePointAt(0) as number;
    return isNewer(codePoint) || codePoint === CHANGED_LETTER;
  });

const NAMES = Object.keys(PATTERN_SOURCES) as PatternName[];

describe.each(NAMES)('the scanner of %s', (name) => {
  const scanner = patternSplitter(PATTERN_SOURCES[name]);
  const expression = regexSplitter(PATTERN_SOURCES[name]);

  it.each(DIFFICULT_TEXTS)('splits %j as the regular expression does', (text) => {
    expect(pieces(scanner, text)).toEqual(pieces(expression, text));
  });

  it('splits any text as the regular expression does', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, difficultText).filter(isOlder), (text) => {
        expect(pieces(scanner, text)).toEqual(pieces(expression, text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each(['a', 'A', '一', '𝒳', '😀', ' ', '\n', '1', '\u0301', "'"])(
    'takes a million times %j without a stack',
    (character) => {
      const text = `${character.repeat(1e6)}x`;
      expect(pieces(scanner, text).join('') === text).toBe(true);
    },
  );
});

describe('published patterns', () => {
  it.each([
    ['gpt2', "I've 1234 go!!", ['I', "'ve", ' 1234', ' go', '!!']],
    ['llama3', "I'VE 1234 go!!\n\n  x", ['I', "'VE", ' ', '123', '4', ' go', '!!\n\n', ' ', ' x']],
    ['cl100k', '(foo)\r\n', ['(foo', ')\r\n']],
    ['o200k', "CamelCase isn't HTTPServer a/b", ['Camel', 'Case', " isn't", ' HTTPServer', ' a', '/b']],
  ] as const)('%s splits %j', (name, text, expected) => {
    expect(pieces(patternSplitter(PATTERN_SOURCES[name]), text)).toEqual(expected);
  });
});

describe('regexSplitter', () => {
  it('keeps what lies between matches', () => {
    expect(pieces(regexSplitter('\\d+'), 'a12b345')).toEqual(['a', '12', 'b', '345']);
  });

  it('does not hang on an expression that matches nothing', () => {
    expect(pieces(regexSplitter('x*'), 'axxb')).toEqual(['a', 'xx', 'b']);
  });

  it('says so when a text exhausts the stack of the regular expression', { tags: ['slow'] }, () => {
    expect(() => pieces(regexSplitter('(?:\\p{L}|\\p{N})+'), '一'.repeat(3e7))).toThrow('exhausted the stack');
  });
});

describe('patternSource', () => {
  it('refuses unknown names and flags that change what an expression matches', () => {
    expect(() => patternSource('gpt5' as PatternName)).toThrow('use gpt2, cl100k, llama3, o200k or a RegExp');
    expect(() => patternSource(/a/i)).toThrow('flags "i"');
    expect(patternSource(/\p{L}+/gu)).toBe('\\p{L}+');
  });
});
