import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readUrlLists } from './read-url-lists.ts';
import { UrlFilter } from './url-filter.ts';

const folder = mkdtempSync(join(tmpdir(), 'web-lists-'));
mkdirSync(join(folder, 'adult'));
mkdirSync(join(folder, 'gambling'));
writeFileSync(join(folder, 'adult', 'domains'), 'bad.example\n# comment\nworse.example\n');
writeFileSync(join(folder, 'adult', 'urls'), 'https://a.example/exact\n');
writeFileSync(join(folder, 'adult', 'usage'), 'not a list');
writeFileSync(join(folder, 'gambling', 'domains.gz'), gzipSync('bets.example\r\n'));
writeFileSync(join(folder, 'banned_words.txt'), 'porn\n');
writeFileSync(join(folder, 'banned_subwords.txt'), 'free-casino\n');
writeFileSync(join(folder, 'soft_banned_words.txt'), 'adult\nwebcam\n');

describe('readUrlLists', () => {
  it('finds UT1’s and datatrove’s files in a folder', () => {
    expect(readUrlLists(folder)).toEqual({
      domains: ['bad.example', 'worse.example', 'bets.example'],
      urls: ['https://a.example/exact'],
      bannedWords: ['porn'],
      bannedSubwords: ['free-casino'],
      softBannedWords: ['adult', 'webcam'],
    });
    const filter = new UrlFilter(readUrlLists(folder));
    const reasons = [
      'https://www.bets.example/',
      'https://a.example/exact',
      'https://a.example/porn',
      'https://a.example/x/adult-webcam',
      'https://a.example/freeCASINO',
    ].map((url) => filter.check(url));
    expect(reasons.map((verdict) => ('reason' in verdict ? verdict.reason : 'keep'))).toEqual([
      'domain',
      'url',
      'hard_blacklisted',
      'soft_blacklisted',
      'blacklisted_subword',
    ]);
  });

  it('takes single files and adds lists up', () => {
    expect(readUrlLists(join(folder, 'adult', 'domains'), join(folder, 'gambling')).domains).toHaveLength(3);
  });

  it('says what is wrong', () => {
    expect(() => readUrlLists('/nowhere')).toThrow(expect.objectContaining({ code: 'FILE_NOT_FOUND' }));
    expect(() => readUrlLists(join(folder, 'adult', 'usage'))).toThrow(/usage: expected one of domains/);
    expect(() => readUrlLists(mkdtempSync(join(tmpdir(), 'web-empty-')))).toThrow(/found no list/);
    writeFileSync(join(folder, 'adult', 'urls.gz'), 'not gzip');
    expect(() => readUrlLists(join(folder, 'adult', 'urls.gz'))).toThrow(
      expect.objectContaining({ code: 'UNREADABLE_FILE' }),
    );
  });
});
