import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PdfError } from './pdf-error.ts';

/** Tesseract's names of languages by the first part of BCP 47 tags and by ISO 639-3, where they differ from ISO 639-3. */
const TESSERACT_NAMES: Record<string, string> = {
  ar: 'ara',
  arb: 'ara',
  bg: 'bul',
  bn: 'ben',
  ca: 'cat',
  cs: 'ces',
  da: 'dan',
  de: 'deu',
  el: 'ell',
  en: 'eng',
  es: 'spa',
  et: 'est',
  eu: 'eus',
  fa: 'fas',
  pes: 'fas',
  fi: 'fin',
  fr: 'fra',
  gl: 'glg',
  he: 'heb',
  hi: 'hin',
  hr: 'hrv',
  hu: 'hun',
  id: 'ind',
  is: 'isl',
  it: 'ita',
  ja: 'jpn',
  ka: 'kat',
  ko: 'kor',
  lt: 'lit',
  lv: 'lav',
  lvs: 'lav',
  mr: 'mar',
  ms: 'msa',
  zsm: 'msa',
  nb: 'nor',
  nn: 'nor',
  nob: 'nor',
  nno: 'nor',
  no: 'nor',
  nl: 'nld',
  pl: 'pol',
  pt: 'por',
  ro: 'ron',
  ru: 'rus',
  sk: 'slk',
  sl: 'slv',
  sq: 'sqi',
  sr: 'srp',
  sv: 'swe',
  sw: 'swa',
  swh: 'swa',
  ta: 'tam',
  te: 'tel',
  th: 'tha',
  tr: 'tur',
  uk: 'ukr',
  ur: 'urd',
  vi: 'vie',
  zh: 'chi_sim',
  cmn: 'chi_sim',
  yue: 'chi_tra', // prettier-ignore
};

/**
 * Tesseract's name of a language: of `de`, `de-AT`, `deu`, `deu_Latn` it is `deu`.
 *
 * @returns undefined when the tag is no name of a language
 */
export function tesseractLanguage(tag: string): string | undefined {
  const [language, ...rest] = tag.trim().split(/[-_]/);
  const name = language?.toLowerCase() ?? '';
  if (/^zh|^cmn/.test(name) && rest.some((part) => /^(?:hant|tw|hk)$/i.test(part))) return 'chi_tra';
  return TESSERACT_NAMES[name] ?? (/^[a-z]{3}$/.test(name) && name !== 'und' ? name : undefined);
}

/**
 * The folder with a language's data.
 *
 * @param language as Tesseract calls it
 * @param folder where it should be; default: the package `@tesseract.js-data/LANGUAGE`
 * @throws PdfError INVALID_ARGUMENT when it is not there
 */
export function findLanguageData(language: string, folder?: string): string {
  if (!/^[a-z]{3}(?:_[a-z]+)*$/i.test(language)) {
    const message = `ocrLanguage must be a language as Tesseract calls it, like eng, got "${language}"`;
    throw new PdfError('INVALID_ARGUMENT', message);
  }
  const found = folder ?? findPackage(language);
  if (!found) {
    const name = `@tesseract.js-data/${language}`;
    const message = `the language data ${name} is not installed; run npm install ${name}, or pass ocrLanguageFolder`;
    throw new PdfError('INVALID_ARGUMENT', message);
  }
  const file = join(found, `${language}.traineddata.gz`);
  if (existsSync(file)) return found;
  const message = `${file}: no such file; give the folder of Tesseract's data as ocrLanguageFolder`;
  throw new PdfError('INVALID_ARGUMENT', message);
}

/** Whether a language can be recognised here. */
export function hasLanguageData(language: string, folder?: string): boolean {
  const found = folder ?? findPackage(language);
  return found !== undefined && existsSync(join(found, `${language}.traineddata.gz`));
}

/** Beside this package, or beside the program that uses it. */
function findPackage(language: string): string | undefined {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      const manifest = createRequire(from).resolve(`@tesseract.js-data/${language}/package.json`);
      return join(dirname(manifest), '4.0.0_best_int');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}
