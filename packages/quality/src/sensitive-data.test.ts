import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redactPii } from './redact-pii.ts';
import { isIban, SENSITIVE_KINDS } from './sensitive-data.ts';

const redact = (text: string) => redactPii(text, undefined, { also: SENSITIVE_KINDS });

describe('redactPii with more kinds', () => {
  it.each([
    ['call +49 30 1234567 now', 'call +1-202-555-0100 now'],
    ['call (212) 555-0187.', 'call +1-202-555-0100.'],
    ['212-555-0187, 1 212-555-0187', '+1-202-555-0100, +1-202-555-0100'],
    ['+33 1 23 45 67 89', '+1-202-555-0100'],
    ['IBAN DE89 3704 0044 0532 0130 00!', 'IBAN GB82WEST12345698765432!'],
    ['GB29NWBK60161331926819', 'GB82WEST12345698765432'],
    [`key ${'AKIA'}IOSFODNN7EXAMPLE end`, 'key API_KEY end'],
    [`${'ghp'}_${'a1'.repeat(18)}`, 'API_KEY'],
    [`-----BEGIN RSA ${'PRIVATE'} KEY-----\nMIIB+/=\n-----END RSA ${'PRIVATE'} KEY-----`, 'API_KEY'],
  ])('replaces %j', (text, redacted) => expect(redact(text).text).toBe(redacted));

  it.each([
    'in 1999-2003 and 2024-05-06',
    'ISBN 978-3-16-148410-0',
    '3.14159 26535 89793',
    'DE89 3704 0044 0532 0130 01',
    'the sum 1+1234567890123456789',
    '10.0.0.1 stays, 12:30:45 too',
    'version 1.2.3-4567',
    'sk-short',
  ])('leaves %j', (text) => expect(redact(text).text).toBe(text));

  it('counts each kind, and says nothing of kinds that were not asked for', () => {
    const text = 'a@b.co, +49 30 1234567, DE89370400440532013000';
    expect(redact(text)).toMatchObject({ emails: 1, also: { phone: 1, iban: 1, 'api-key': 0 } });
    expect(redactPii(text)).toEqual({
      text: 'email@example.com, +49 30 1234567, DE89370400440532013000',
      emails: 1,
      ipAddresses: 0,
    });
    expect(() => redactPii('', undefined, { also: ['name' as 'phone'] })).toThrow(/also: expected any of/);
  });

  it('redacts nothing twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('+49 30 1234567', 'DE89370400440532013000', 'x', ' ', '-', '12')),
        (parts) => {
          const once = redact(parts.join(' ')).text;
          expect(redact(once).text).toBe(once);
        },
      ),
    );
  });

  it('takes time in proportion', () => {
    for (const unit of ['1', '+1 ', '1-', 'A', 'DE12 ', 'eyJ', '-----BEGIN PRIVATE KEY-----', '(212) ']) {
      const start = performance.now();
      redact(unit.repeat(1_000_000 / unit.length));
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});

describe('isIban', () => {
  it('checks digits, country and length', () => {
    // Examples of the registry.
    for (const iban of [
      'AT611904300234573201',
      'NL91ABNA0417164300',
      'FR1420041010050500013M02606',
      'NO9386011117947',
      'MT84MALT011000012345MTLCAST001S',
    ]) {
      expect(isIban(iban)).toBe(true);
      expect(isIban(`${iban.slice(0, -1)}${iban.endsWith('9') ? '8' : '9'}`)).toBe(false);
      expect(isIban(`${iban}0`)).toBe(false);
    }
    expect(isIban('XX12')).toBe(false);
  });
});
