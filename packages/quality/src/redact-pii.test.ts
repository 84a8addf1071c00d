import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findEmailAddresses } from './email-addresses.ts';
import { isGlobalIpAddress } from './ip-address.ts';
import { redactPii } from './redact-pii.ts';

const PLACEHOLDERS = { emailReplacements: ['EMAIL'], ipReplacements: ['IP'] };

/** Lines of datatrove's tests/pipeline/filters/test_pii_removal.py. */
const IP_LINES = [
  ['999.999.999.999.', '999.999.999.999.'],
  ['108.0.0.01', '108.0.0.01'],
  ['0.1.2.3', '0.1.2.3'],
  ['00.0000.00.00', '00.0000.00.00'],
  ['192.168.l.1', '192.168.l.1'],
  ['912.456.123.123', '912.456.123.123'],
  ['.3.3.3.0', '.IP'],
  ['192.168.o.0', '192.168.o.0'],
  ...'172.16.0.9 172.16.4.1 172.17.1.1 127.0.0.2 10.0.1.5 10.0.0.1 10.155.155.155 10.255.255.254 172.31.254.254 192.168.1.2'
    .split(' ')
    .map((address) => [address, address]),
  ...'163.36.107.25 114.35.103.54 57.120.21.121 13.83.69.70 29.116.31.158 193.163.229.23 211.160.67.46 4.132.211.142'
    .split(' ')
    .map((address) => [address, 'IP']),
];

const EMAIL_LINES = [
  ...`email@example.com firstname.lastname@example.com email@subdomain.example.com firstname+lastname@example.com
  email@123.123.123.123 email@[123.123.123.123] 1234567890@example.com email@example-one.com _______@example.com
  email@example.name email@example.museum email@example.co.jp firstname-lastname@example.com NAME@MYSITE.COM
  email@example.web email@111.222.333.44444`
    .split(/\s+/)
    .map((address) => [address, 'EMAIL']),
  ['"email"@example.com', '"email"@example.com'],
  ['much.”more\\ unusual”@example.com', 'much.”more\\ unusual”@example.com'],
  ['very.unusual.”@”.unusual.com@example.com', 'very.unusual.”@”.EMAIL'],
  ['very.”(),:;<>[]”.VERY.”very@\\ "very”.unusual@strange.example.com', 'very.”(),:;<>[]”.VERY.”very@\\ "very”.EMAIL'],
  ['plainaddress', 'plainaddress'],
  ['#@%^%#$@#$@#.com', '#@%^%#$@#$@#.com'],
  ['@example.com', '@example.com'],
  ['Joe Smith <email@example.com>', 'Joe Smith <EMAIL>'],
  ['email.example.com', 'email.example.com'],
  ['email@example@example.com', 'email@EMAIL'],
  ['.email@example.com', '.EMAIL'],
  ['email.@example.com', 'email.@example.com'],
  ['email..email@example.com', 'email..EMAIL'],
  ['あいうえお@example.com', 'あいうえお@example.com'],
  ['email@example.com (Joe Smith)', 'EMAIL (Joe Smith)'],
  ['email@example', 'email@example'],
  ['email@-example.com', 'email@-example.com'],
  ['email@example..com', 'email@example..com'],
  ['Abc..123@example.com', 'Abc..EMAIL'],
  ['”(),:;<>[\\]@example.com', '”(),:;<>[\\]@example.com'],
  ['just”not”right@example.com', 'just”not”EMAIL'],
  ['this\\ is"really"not\\allowed@example.com', 'this\\ is"really"not\\EMAIL'],
  ['éa@b.co', 'éa@b.co'],
];

describe('redactPii', () => {
  it.each([...IP_LINES, ...EMAIL_LINES])('turns %s into %s', (line, expected) => {
    expect(redactPii(line, undefined, PLACEHOLDERS).text).toBe(expected);
  });

  it('takes replacements in turn and starts anew with every document', () => {
    const text = 'a@b.com, c@d.org, e@f.net from 8.8.8.8 and 9.9.9.9';
    const expected =
      'email@example.com, firstname.lastname@example.org, email@example.com from 22.214.171.124 and 126.96.36.199';
    expect(redactPii(text)).toEqual({ text: expected, emails: 3, ipAddresses: 2 });
    expect(redactPii(text)).toEqual(redactPii(text));
  });

  it('goes on where the last document stopped when given a state', () => {
    const state = { emails: 0, ipAddresses: 0 };
    const texts = ['a@b.com', 'a@b.com 8.8.8.8', '8.8.8.8'].map((text) => redactPii(text, state).text);
    expect(texts).toEqual(['email@example.com', 'firstname.lastname@example.org 22.214.171.124', '126.96.36.199']);
    expect(state).toEqual({ emails: 2, ipAddresses: 2 });
  });

  it('knows lower case only in 2024', () => {
    const redact = (text: string) => redactPii(text, undefined, { ...PLACEHOLDERS, preset: 'fineweb-2024' }).text;
    expect(redact('name@site.com NAME@SITE.COM joe@Site.com')).toBe('EMAIL NAME@SITE.COM joe@Site.com');
  });

  it('refuses an empty list of replacements', () => {
    expect(() => redactPii('', undefined, { ipReplacements: [] })).toThrow('ipReplacements: expected at least one');
  });
});

describe('findEmailAddresses', () => {
  // The pattern as published; \b is written out since JavaScript's knows ASCII only.
  const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]";
  const word = String.raw`[\p{L}\p{N}_]`;
  const octet = '(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)';
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
  const published = new RegExp(
    String.raw`(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))${atom}+(?:\.${atom}+)*@(?:(?:${label}\.)+${label}|\[(?:${octet}\.){3}(?:${octet}|[A-Za-z0-9-]*[A-Za-z0-9]:)\])`,
    'gu',
  );

  it('matches what the published pattern matches', () => {
    const piece = fc.constantFrom(
      'a',
      'Z',
      '1',
      '.',
      '-',
      '_',
      '!',
      '@',
      '@b.co',
      ' ',
      'é',
      '𝒻',
      '中',
      '1.2.3.4',
      '[',
      ']',
      ':',
      '́',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = pieces.join('');
        const spans = [...text.matchAll(published)].map(({ index, 0: match }) => ({
          start: index,
          end: index + match.length,
        }));
        expect(findEmailAddresses(text, 'fineweb-head')).toEqual(spans);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('isGlobalIpAddress', () => {
  it.each([
    ['1.1.1.1', true],
    ['224.0.0.1', true],
    ['100.63.255.255', true],
    ['100.64.0.0', false],
    ['172.15.0.1', true],
    ['172.32.0.1', true],
    ['192.0.0.7', false],
    ['192.0.0.8', true],
    ['192.0.0.170', false],
    ['192.0.0.172', true],
    ['198.17.0.1', true],
    ['198.19.255.255', false],
    ['239.255.255.255', true],
    ['240.0.0.0', false],
    ['255.255.255.255', false],
    ['01.1.1.1', false],
    ['256.1.1.1', false],
    ['1.1.1', false],
  ])('%s: %s', (address, isGlobal) => {
    expect(isGlobalIpAddress(address)).toBe(isGlobal);
  });
});
