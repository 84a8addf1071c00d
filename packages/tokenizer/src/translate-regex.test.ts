import { describe, expect, it } from 'vitest';
import { translateRegex } from './translate-regex.ts';

const matches = (source: string, text: string): string[] => text.match(new RegExp(translateRegex(source), 'gu')) ?? [];

describe('translateRegex', () => {
  it('takes \\s for White_Space: with U+0085 and without U+FEFF', () => {
    expect(matches('\\s', ' \u0085\u00a0\u2028')).toHaveLength(4);
    expect(matches('\\s', '\ufeff\u180e\u001c')).toEqual([]);
    expect(matches('[^\\s]', 'a\ufeff\u0085')).toEqual(['a', '\ufeff']);
  });

  it('matches (?i:…) in both cases, with the long s and the Kelvin sign, and nothing outside it', () => {
    expect(matches("(?i:'s|k)x", "'sx 'Sx 'ſx Kx \u212ax 'sX")).toEqual(["'sx", "'Sx", "'ſx", 'Kx', '\u212ax']);
  });

  it('reads scripts, categories without braces and code points', () => {
    expect(matches('\\p{Han}+|\\pN|\\x41|\\u{1F600}', '一二 5 A 😀 b')).toEqual(['一二', '5', 'A', '😀']);
  });

  it('takes digits of all scripts for \\d, and all but line feed for the dot', () => {
    expect(matches('\\d', '1٣²')).toEqual(['1', '٣']);
    expect(matches('.', '\r\u2028\n')).toEqual(['\r', '\u2028']);
  });

  it('takes escaped punctuation for itself', () => {
    expect(matches("\\'\\-\\/\\.", "'-/.")).toEqual(["'-/."]);
  });

  it.each([
    ['a++', 'a possessive quantifier'],
    ['a?+b', 'a possessive quantifier'],
    ['\\p{N}{1,3}+', 'a possessive quantifier'],
    ['(?>a)', 'the group (?>a'],
    ['(?i)a', 'the group (?i)'],
    ['(?i:[a-z])', 'a class inside (?i:…)'],
    ['\\w+', '\\w'],
    ['\\ba', '\\b'],
    ['(a)\\1', '\\1'],
    ['a$', 'the anchor $'],
    ['[a&&b]', 'the intersection of classes'],
    ['[a[b]]', 'a class inside a class'],
    ['[a', 'an unclosed class'],
    ['\\p{Nonsense}', '\\p{Nonsense}'],
    ['a\\', 'a final backslash'],
  ])('refuses %j, naming %s', (source, feature) => {
    expect(() => translateRegex(source)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PATTERN' }));
    expect(() => translateRegex(source)).toThrow(`${feature} is not supported`);
  });
});
