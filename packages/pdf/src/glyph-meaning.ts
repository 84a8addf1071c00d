import { findShift, isGarbled, textSigns } from './garbled-text.ts';
import type { Pdfium } from './pdfium.ts';

/** What is known of the codes of a page's glyphs. */
export interface GlyphMeaning {
  /** By how much the codes of a font are off, by PDFium's handle of the font. */
  shifts: ReadonlyMap<number, number>;
  /** Share of the page's glyphs whose meaning is lost, 0 to 1. */
  garbledShare: number;
}

const CLEAR: GlyphMeaning = { shifts: new Map(), garbledShare: 0 };
/** Glyphs looked at on every page; the rest only when some of these mean nothing. */
const SAMPLES = 256;
const DOUBTFUL_SHARE = 0.02;
/** Looking at so many glyphs of a font tells enough. */
const MAXIMUM_CODES = 5000;

/** The codes of a font's glyphs on a page, in the order of the file. */
interface FontCodes {
  codes: number[];
  unmapped: number;
}

/**
 * Looks whether the glyphs of a page mean what their codes say. Fonts without a table of meanings (ToUnicode) give the numbers of
 * their glyphs instead; where these are characters shifted by a constant, the shift is found.
 */
export function readGlyphMeaning(pdfium: Pdfium, textPage: number): GlyphMeaning {
  const count = pdfium.calls.FPDFText_CountChars(textPage);
  if (!isDoubtful(pdfium, textPage, count)) return CLEAR;
  const fonts = readFontCodes(pdfium, textPage, count);
  const shifts = new Map<number, number>();
  let [garbled, all] = [0, 0];
  for (const [font, { codes, unmapped }] of fonts) {
    all += codes.length;
    if (unmapped < codes.length / 3 || !isGarbled(textSigns(String.fromCodePoint(...codes)))) continue;
    const shift = findShift(codes);
    if (shift === undefined) garbled += codes.length;
    else shifts.set(font, shift);
  }
  return { shifts, garbledShare: all === 0 ? 0 : garbled / all };
}

function isDoubtful(pdfium: Pdfium, textPage: number, count: number): boolean {
  const step = Math.max(1, Math.floor(count / SAMPLES));
  let [doubtful, seen] = [0, 0];
  for (let index = 0; index < count; index += step) {
    seen++;
    if (isUnmapped(pdfium, textPage, index)) doubtful++;
  }
  return doubtful > seen * DOUBTFUL_SHARE;
}

/** Without a meaning of its own, or with one from the private use area. */
function isUnmapped(pdfium: Pdfium, textPage: number, index: number): boolean {
  if (pdfium.glyphCalls.FPDFText_HasUnicodeMapError(textPage, index) === 1) return true;
  const code = pdfium.glyphCalls.FPDFText_GetUnicode(textPage, index);
  return (code >= 0xe000 && code < 0xf900) || code === 0xfffd || code > 0x10ffff || code < 0;
}

function readFontCodes(pdfium: Pdfium, textPage: number, count: number): Map<number, FontCodes> {
  const { glyphCalls } = pdfium;
  const fonts = new Map<number, FontCodes>();
  let [object, font] = [0, 0];
  for (let index = 0; index < count; index++) {
    if (glyphCalls.FPDFText_IsGenerated(textPage, index) === 1) continue;
    const itsObject = glyphCalls.FPDFText_GetTextObject(textPage, index);
    if (itsObject !== object) font = itsObject === 0 ? 0 : glyphCalls.FPDFTextObj_GetFont(itsObject);
    object = itsObject;
    const entry = fonts.get(font) ?? { codes: [], unmapped: 0 };
    if (entry.codes.length >= MAXIMUM_CODES) continue;
    const code = glyphCalls.FPDFText_GetUnicode(textPage, index);
    entry.codes.push(code >= 0 && code <= 0x10ffff ? code : 0xfffd);
    if (isUnmapped(pdfium, textPage, index)) entry.unmapped++;
    fonts.set(font, entry);
  }
  return fonts;
}
