import { expect, it } from 'vitest';
import { findLanguageData, tesseractLanguage } from './ocr-language.ts';

it.each([
  ['de', 'deu'],
  ['de-AT', 'deu'],
  ['deu_Latn', 'deu'],
  ['EN_us', 'eng'],
  ['zh-Hant', 'chi_tra'],
  ['cmn_Hani', 'chi_sim'],
  ['fin', 'fin'],
  ['und', undefined],
  ['', undefined],
  ['klingon', undefined],
])('%s is %s', (tag, name) => expect(tesseractLanguage(tag)).toBe(name));

it('finds the data of a language that is installed', () => {
  expect(findLanguageData('eng')).toMatch(/4\.0\.0_best_int$/);
});

it.each([
  ['a language that is not installed', 'tlh', undefined, 'npm install @tesseract.js-data/tlh'],
  ['no language', '../eng', undefined, 'ocrLanguage must be'],
  ['a folder without it', 'eng', '/no/such/folder', '/no/such/folder/eng.traineddata.gz: no such file'],
])('refuses %s', (_, language, folder, message) => expect(() => findLanguageData(language, folder)).toThrow(message));
