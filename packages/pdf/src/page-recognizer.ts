import type { CharacterGroup } from './character.ts';
import type { OcrEngine } from './ocr-engine.ts';
import { hasLanguageData, tesseractLanguage } from './ocr-language.ts';
import { recognizePage } from './recognize-page.ts';
import type { RecognizedPage } from './recognize-page.ts';
import type { GreyImage } from './render-page.ts';
import { TesseractEngine } from './tesseract-engine.ts';

/** How pages are recognised. */
export interface OcrOptions {
  /** Language of scanned pages as Tesseract calls it, default `eng`; `auto`: by what the document says, or `identifyLanguage`. */
  ocrLanguage?: string;
  /** Names the language of a text (`de`, `deu`, `deu_Latn`), for `ocrLanguage: 'auto'`. */
  identifyLanguage?: (text: string) => string | Promise<string>;
  /** Where `LANGUAGE.traineddata.gz` lies; default: the npm package `@tesseract.js-data/LANGUAGE`. */
  ocrLanguageFolder?: string;
  /** Pixels per inch at which pages are drawn for recognition; default 200. */
  ocrResolution?: number;
  /** Threads of Tesseract; default as many as there are cores, at most 4. */
  ocrWorkers?: number;
  /** Another engine than Tesseract, or one that several documents share; it is not closed. */
  ocrEngine?: OcrEngine;
}

const DEFAULT_LANGUAGE = 'eng';
/** Enough to tell a language by. */
const SAMPLE_LENGTH = 5000;

/** Recognises the pages of one document. */
export class PageRecognizer {
  readonly #options: OcrOptions;
  readonly #documentLanguage: string;
  readonly #own: TesseractEngine | undefined;
  readonly #engine: OcrEngine;
  #language: Promise<string> | undefined;
  #sample = '';

  /** @param documentLanguage what the document says of its language; may be empty */
  constructor(options: OcrOptions, documentLanguage: string) {
    this.#options = options;
    this.#documentLanguage = documentLanguage;
    const { ocrEngine, ocrWorkers, ocrLanguageFolder } = options;
    this.#own = ocrEngine ? undefined : new TesseractEngine({ workers: ocrWorkers, languageFolder: ocrLanguageFolder });
    this.#engine = ocrEngine ?? this.#own!;
  }

  /** Pages that may be worked on at once. */
  get parallel(): number {
    return this.#engine.parallel ?? 1;
  }

  /** Notes text of the document, to tell its language by. */
  note(groups: CharacterGroup[]): void {
    if (this.#options.ocrLanguage !== 'auto' || this.#sample.length >= SAMPLE_LENGTH) return;
    this.#sample = (this.#sample + textOf(groups)).slice(0, SAMPLE_LENGTH);
  }

  async recognize(image: GreyImage): Promise<RecognizedPage> {
    this.#language ??= this.#chooseLanguage(image);
    return recognizePage(image, this.#engine, await this.#language);
  }

  async close(): Promise<void> {
    await this.#own?.close();
  }

  async #chooseLanguage(image: GreyImage): Promise<string> {
    const { ocrLanguage = DEFAULT_LANGUAGE, identifyLanguage } = this.#options;
    if (ocrLanguage !== 'auto') return ocrLanguage;
    const declared = this.#available(this.#documentLanguage);
    if (declared || !identifyLanguage) return declared ?? DEFAULT_LANGUAGE;
    const text = this.#sample || textOf((await recognizePage(image, this.#engine, DEFAULT_LANGUAGE)).groups);
    return this.#available(await identifyLanguage(text)) ?? DEFAULT_LANGUAGE;
  }

  /** The engine's name of a language, if it can be recognised here; another engine is asked for any. */
  #available(tag: string): string | undefined {
    const language = tesseractLanguage(tag);
    if (!language || !this.#own) return language;
    return hasLanguageData(language, this.#options.ocrLanguageFolder) ? language : undefined;
  }
}

function textOf(groups: CharacterGroup[]): string {
  const characters = groups.flatMap((group) => group.characters);
  return characters.map(({ text, afterSpace }) => (afterSpace ? ` ${text}` : text)).join('');
}
