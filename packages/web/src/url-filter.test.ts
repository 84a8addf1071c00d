import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AhoCorasick } from './aho-corasick.ts';
import { parseList, UrlFilter } from './url-filter.ts';

const reasonOf = (filter: UrlFilter, url: string) => {
  const verdict = filter.check(url);
  return verdict.keep ? 'keep' : verdict.reason;
};

describe('UrlFilter', () => {
  // datatrove tests/pipeline/filters/test_filters.py
  it.each([
    ['https://blocked.com/some-sub-url?with=stuff', 'domain'],
    ['https://hey.danger.org/more', 'domain'],
    ['http://www.danger.org/more', 'domain'],
    ['https://nice.com/some-sub-url', 'keep'],
    ['https://badsubdomain.nice.com/some-sub-url', 'subdomain'],
    ['https://sdsd.badsubdomain.nice.com/some-sub-url', 'keep'],
    ['https://blocke.dcom/some-sub-url', 'keep'],
  ])('%s: %s', (url, reason) => {
    expect(reasonOf(new UrlFilter({ domains: ['blocked.com', ' danger.org\n', 'badsubdomain.nice.com'] }), url)).toBe(
      reason,
    );
  });

  const words = new UrlFilter({
    domains: ['example.co.uk'],
    urls: ['https://a.org/exact'],
    bannedWords: ['porn', 'X-Rated'],
    bannedSubwords: ['free-sex', 'casino'],
    softBannedWords: ['adult', 'webcam', 'girls'],
  });

  it.each([
    ['https://shop.example.co.uk/', 'domain'],
    ['https://a.org/exact', 'url'],
    ['https://a.org/exact/', 'keep'],
    ['https://a.org/porn/1', 'hard_blacklisted'],
    ['https://a.org/PORN/1', 'keep'],
    ['https://a.org/xrated', 'hard_blacklisted'],
    ['https://a.org/x-rated', 'keep'],
    ['https://a.org/adult/webcam', 'soft_blacklisted'],
    ['https://a.org/adult/adult', 'keep'],
    ['https://a.org/f.r.e.e/SEX', 'blacklisted_subword'],
    ['https://a.org/porn-casino', 'hard_blacklisted'],
    ['not a url', 'keep'],
    ['', 'keep'],
  ])('%s: %s', (url, reason) => expect(reasonOf(words, url)).toBe(reason));

  it('says what was found', () => {
    expect(words.check('https://a.org/my-casino')).toEqual({
      keep: false,
      reason: 'blacklisted_subword',
      value: 'casino',
      limit: 1,
    });
  });

  it('reads list files', () => {
    expect(parseList('# comment\r\nfoo\n\n bar \n#x')).toEqual(['foo', 'bar']);
  });
});

describe('AhoCorasick', () => {
  it('finds a pattern exactly when one is in the text', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 });
    fc.assert(
      fc.property(fc.array(letters), letters, (patterns, text) => {
        const found = new AhoCorasick(patterns).find(text);
        const expected = patterns.filter((pattern) => pattern !== '' && text.includes(pattern));
        expect(found === undefined ? [] : expected).toEqual(expected);
        expect([...expected, undefined]).toContain(found);
      }),
    );
  });

  it('says what it found and how many such entries a url may not have', () => {
    const filter = new UrlFilter({
      domains: ['blocked.com'],
      softBannedWords: ['poker', 'bet', 'bonus'],
      softWordThreshold: 3,
    });
    expect(filter.check('http://www.blocked.com/')).toEqual({
      keep: false,
      reason: 'domain',
      value: 'blocked.com',
      limit: 1,
    });
    expect(filter.check('http://a.com/poker-bet')).toEqual({ keep: true });
    expect(filter.check('http://a.com/poker-bet/bonus')).toMatchObject({ value: 'poker bet bonus', limit: 3 });
  });
});
