import { expect, it } from 'vitest';
import { alphabetToBytes, BYTE_ALPHABET, bytesToAlphabet } from './byte-alphabet.ts';

it('writes a byte as one printable character of its own', () => {
  expect(new Set(BYTE_ALPHABET).size).toBe(256);
  expect(BYTE_ALPHABET.join('')).not.toMatch(/[\p{C}\p{Z}]/u);
});

it("is GPT-2's alphabet", () => {
  expect([0, 0x20, 0x0a, 0x41, 0x7f, 0xa0, 0xad, 0xff].map((byte) => BYTE_ALPHABET[byte])).toEqual([
    'Ā',
    'Ġ',
    'Ċ',
    'A',
    'ġ',
    'ł',
    'Ń',
    'ÿ',
  ]);
});

it('gives all bytes back', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  expect(alphabetToBytes(bytesToAlphabet(bytes))).toEqual(bytes);
});

it('takes an entry outside the alphabet for its own UTF-8', () => {
  expect(alphabetToBytes('<｜end｜>')).toEqual(new TextEncoder().encode('<｜end｜>'));
});
