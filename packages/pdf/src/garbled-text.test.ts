import { describe, expect, it } from 'vitest';
import { findShift, isGarbled, shiftText, textSigns } from './garbled-text.ts';
import { prose } from './fixtures/make-pdf.ts';

const codesOf = (text: string, shift = 0) => [...text].map((character) => character.codePointAt(0)! - shift);

describe('isGarbled', () => {
  it.each([
    ['English', prose(0, 2)],
    ['German', 'Der Fährmann hat die Überfahrt wegen des Sturms verschoben, sagt das Hafenamt.'],
    ['French', 'Le conseil municipal a voté la réparation du phare avant la fin de l’année.'],
    ['Polish', 'Rada miasta uchwaliła naprawę latarni morskiej przed końcem roku.'],
    ['Turkish', 'Belediye meclisi deniz fenerinin yıl sonundan önce onarılmasına karar verdi.'],
    ['Finnish', 'Kaupunginvaltuusto päätti majakan korjauksesta ennen vuoden loppua.'],
    ['Russian', 'Городской совет решил починить маяк до конца года.'],
    ['Japanese', '市議会は年末までに灯台を修理することを決めた。カメラも付ける。'],
    ['Arabic', 'قرر مجلس المدينة إصلاح المنارة قبل نهاية العام'],
    ['Korean', '시의회는 연말까지 등대를 수리하기로 결정했다.'],
    ['numbers', '12 431,50 8 112,00 17 001,99 1 204,00 Summe 38 749,49'],
    ['words with control codes for spaces', prose(0, 1).replaceAll(' ', '\u0002')],
  ])('takes %s for text', (_, text) => expect(isGarbled(textSigns(text))).toBe(false));

  it.each([
    ['shifted English', shiftText(codesOf(prose(0, 2)), -29)],
    ['glyph numbers', '\u0001\u0002\u0003\u0004\u0003\u0005\u0006\u0007\u0008\u0004'],
    ['private use', '\uE000\uE001\uE002\uE003 \uE004\uE001'],
    ['letters of many scripts', '̽ଋҨ ǥ ƹ̽ୡȥ ဎഁୡࣧҨ ဌʾ ဎಱ̽ೌ ܆ȥ৞'],
    ['consonants', 'xkq zvwj bqx pwzk vvxq jkzw qqbx xvkp zwjq kkvx'],
  ])('takes %s for garbage', (_, text) => expect(isGarbled(textSigns(text))).toBe(true));
});

describe('findShift', () => {
  it.each([28, 29, 30, 31, 1, -7])('finds a shift of %i', (shift) => {
    const codes = codesOf(prose(0, 3), shift);
    expect(findShift(codes)).toBe(shift);
    expect(shiftText(codes, shift)).toBe(prose(0, 3));
  });

  it('finds ASCII in the private use area', () => {
    expect(findShift(codesOf(prose(0, 2), -0xf000))).toBe(-0xf000);
  });

  it('finds none where there is none', () => {
    expect(findShift([...'abcdefghijklmnopqrst'].map((_, index) => (index * 7) % 23))).toBeUndefined();
    expect(findShift([])).toBeUndefined();
    expect(findShift([-5, 0x10ffff, 0xfffd])).toBeUndefined();
  });
});
