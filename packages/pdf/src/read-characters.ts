import type { Character, CharacterGroup } from './character.ts';
import { Frame } from './frame.ts';
import type { PageBox } from './frame.ts';
import type { Pdfium } from './pdfium.ts';
import { readHeadingTags } from './read-heading-tags.ts';

/** What a font's name, flags and weight say. */
interface FontTraits {
  bold: boolean;
  mono: boolean;
  math: boolean;
}

/** How the glyphs of a text object are drawn. */
interface Style {
  font: FontTraits;
  /** Rank of the heading that the structure tree says it is part of. */
  headingLevel: number | undefined;
  size: number;
  hidden: boolean;
  /** From the top of a glyph's box down to the baseline; the box has the height of the font, so that all glyphs share it. */
  ascent: number;
  /** Those of its direction. */
  group: CharacterGroup;
}

const INVISIBLE = 3;
/** PDFium guesses the weight by the width of the stems, often wrongly: it counts only where a font has no name to speak of. */
const BOLD_WEIGHT = 680;
const NAME = /[a-z]{4}/i;
/** Bit of the font descriptor's flags (ISO 32000-1, 9.8.2). */
const FIXED_PITCH = 1;
const BOLD_NAME = /bold|black|heavy|demi|medi(?!um)|\b(?:cmb|cmbx|sfbx|ecbx|sfrb|ecrb)\d/i;
const MONO_NAME =
  /mono|courier|consol|typewriter|menlo|fixed|\b(?:cmtt|sftt|ectt)\d|inconsolata|letter ?gothic|source ?code|fira ?code/i;
/** Fonts of TeX's and of other systems' formulas. */
const MATH_NAME = /\b(?:cm(?:mi|sy|ex|bsy)|ms[ab]m|eu[fs][mb]|rsfs|stix.*math|lm-?math|xits)|math/i;
/** Text skewed by less counts as straight; scanned pages are never quite so. */
const ANGLE_STEP = 15;
/** Scratch memory: a box (4 floats), an origin (2 doubles), a matrix (6 floats), a font name. */
const SCRATCH = { box: 0, origin: 16, matrix: 32, flags: 56, name: 64, size: 64 + 256 };

/**
 * Reads the glyphs of a page that lie on the page, grouped by direction, the largest group first; in the order of the file.
 * Glyphs that mean nothing (unmapped) are left out.
 *
 * @param shifts by how much the codes of a font are off, by PDFium's handle of the font
 */
export function readCharacters(
  pdfium: Pdfium,
  textPage: number,
  page: number,
  shifts: ReadonlyMap<number, number> = new Map(),
): CharacterGroup[] {
  return pdfium.withBuffer(SCRATCH.size, (scratch) => new PageReader(pdfium, textPage, page, scratch, shifts).read());
}

class PageReader {
  readonly #pdfium: Pdfium;
  readonly #textPage: number;
  readonly #scratch: number;
  readonly #shifts: ReadonlyMap<number, number>;
  readonly #pageBox: PageBox;
  readonly #groups = new Map<number, CharacterGroup>();
  readonly #frame: Frame;
  readonly #fonts = new Map<number, FontTraits>();
  readonly #headingTags: Map<number, number>;
  /** Of the glyph at hand, in page space and in its frame. Arrays for each glyph would be half of a page's garbage. */
  readonly #box = new Float64Array(4);
  readonly #placed = new Float64Array(4);
  #scratchView: DataView | undefined;
  #object = 0;
  #style: Style | undefined;

  constructor(pdfium: Pdfium, textPage: number, page: number, scratch: number, shifts: ReadonlyMap<number, number>) {
    this.#shifts = shifts;
    this.#pdfium = pdfium;
    this.#textPage = textPage;
    this.#scratch = scratch;
    pdfium.calls.FPDF_GetPageBoundingBox(page, scratch);
    this.#readBox();
    this.#pageBox = [this.#box[0], this.#box[1], this.#box[2], this.#box[3]];
    this.#headingTags = readHeadingTags(pdfium, page);
    this.#frame = new Frame(0, this.#pageBox, 90 * pdfium.calls.FPDFPage_GetRotation(page));
  }

  read(): CharacterGroup[] {
    const count = this.#pdfium.calls.FPDFText_CountChars(this.#textPage);
    let afterSpace = false;
    for (let index = 0; index < count; index++) {
      const text = this.#text(index);
      if (text === ' ') {
        afterSpace = true;
        continue;
      }
      if (this.#add(index, text, afterSpace)) afterSpace = false;
    }
    return [...this.#groups.values()].sort((a, b) => b.characters.length - a.characters.length);
  }

  /** The glyph's text; a space where PDFium put one between glyphs; nothing where it has no meaning. */
  #text(index: number): string {
    let code = this.#pdfium.glyphCalls.FPDFText_GetUnicode(this.#textPage, index);
    if (this.#shifts.size > 0) code += this.#shift(index);
    if (code === 0x02) return '-'; // PDFium's mark for a hyphen that ends a line
    if (code <= 0x20 || code === 0xa0 || code > 0x10ffff || code === 0xffff || code === 0xfffe) return ' ';
    if (code >= 0xfdd0 && code <= 0xfdef) return ' '; // noncharacters, which mean something here
    return String.fromCodePoint(code);
  }

  /** By how much the code of a glyph is off; what PDFium put between glyphs is as it is. */
  #shift(index: number): number {
    const { glyphCalls } = this.#pdfium;
    if (glyphCalls.FPDFText_IsGenerated(this.#textPage, index) === 1) return 0;
    const object = glyphCalls.FPDFText_GetTextObject(this.#textPage, index);
    return object === 0 ? 0 : (this.#shifts.get(glyphCalls.FPDFTextObj_GetFont(object)) ?? 0);
  }

  #add(index: number, text: string, afterSpace: boolean): boolean {
    const { glyphCalls } = this.#pdfium;
    if (!glyphCalls.FPDFText_GetLooseCharBox(this.#textPage, index, this.#scratch)) return false;
    this.#readBox();
    if (!isInside(this.#box, this.#pageBox)) return false;
    const object = glyphCalls.FPDFText_GetTextObject(this.#textPage, index);
    if (!this.#style || object !== this.#object) this.#style = this.#readStyle(index, object);
    this.#object = object;
    const { characters, frame } = this.#style.group;
    frame.placeInto(this.#box, this.#placed);
    characters.push(place(text, this.#placed, this.#style, afterSpace));
    return true;
  }

  #readStyle(index: number, object: number): Style {
    const { glyphCalls } = this.#pdfium;
    glyphCalls.FPDFText_GetMatrix(this.#textPage, index, this.#scratch + SCRATCH.matrix);
    const view = this.#view();
    const a = view.getFloat32(SCRATCH.matrix, true);
    const b = view.getFloat32(SCRATCH.matrix + 4, true);
    const c = view.getFloat32(SCRATCH.matrix + 8, true);
    const d = view.getFloat32(SCRATCH.matrix + 12, true);
    const fontSize = glyphCalls.FPDFText_GetFontSize(this.#textPage, index);
    // A negative size turns the glyphs round.
    const degrees = (Math.atan2(b, a) * 180) / Math.PI + (fontSize < 0 ? 180 : 0);
    const group = this.#group((Math.round(degrees / ANGLE_STEP) * ANGLE_STEP + 360) % 360);
    return {
      font: this.#font(index, object),
      headingLevel: this.#headingLevel(object),
      size: Math.abs(fontSize) * (Math.hypot(c, d) || 1) || 1,
      hidden: object !== 0 && glyphCalls.FPDFTextObj_GetTextRenderMode(object) === INVISIBLE,
      ascent: this.#readAscent(index, group.frame),
      group,
    };
  }

  #headingLevel(object: number): number | undefined {
    if (object === 0 || this.#headingTags.size === 0) return undefined;
    return this.#headingTags.get(this.#pdfium.calls.FPDFPageObj_GetMarkedContentID(object));
  }

  #readAscent(index: number, frame: Frame): number {
    const origin = this.#scratch + SCRATCH.origin;
    this.#pdfium.glyphCalls.FPDFText_GetCharOrigin(this.#textPage, index, origin, origin + 8);
    const view = this.#view();
    const x = view.getFloat64(SCRATCH.origin, true);
    const y = view.getFloat64(SCRATCH.origin + 8, true);
    frame.placeInto(this.#box, this.#placed);
    return frame.place([x, y, x, y])[1] - this.#placed[1];
  }

  #font(index: number, object: number): FontTraits {
    const font = object === 0 ? 0 : this.#pdfium.glyphCalls.FPDFTextObj_GetFont(object);
    const known = font === 0 ? undefined : this.#fonts.get(font);
    if (known) return known;
    const traits = this.#readFont(index);
    this.#fonts.set(font, traits);
    return traits;
  }

  #readFont(index: number): FontTraits {
    const { calls } = this.#pdfium;
    const heavy = calls.FPDFText_GetFontWeight(this.#textPage, index) >= BOLD_WEIGHT;
    const pointer = this.#scratch + SCRATCH.name;
    const length = calls.FPDFText_GetFontInfo(this.#textPage, index, pointer, 256, this.#scratch + SCRATCH.flags);
    if (length <= 1 || length > 256) return { bold: heavy, mono: false, math: false };
    const name = Buffer.from(this.#pdfium.memory.subarray(pointer, pointer + length - 1)).toString('latin1');
    const fixed = (this.#view().getUint32(SCRATCH.flags, true) & FIXED_PITCH) !== 0;
    return {
      bold: BOLD_NAME.test(name) || (heavy && !NAME.test(name.replace(/^[A-Z]{6}\+/, ''))),
      mono: fixed || MONO_NAME.test(name),
      math: MATH_NAME.test(name),
    };
  }

  #group(angle: number): CharacterGroup {
    const known = this.#groups.get(angle);
    if (known) return known;
    const frame = this.#frame.at(angle);
    const group = { angle, width: frame.width, height: frame.height, frame, characters: [] };
    this.#groups.set(angle, group);
    return group;
  }

  /** The scratch memory; a new view only when the memory has moved. */
  #view(): DataView {
    const { buffer } = this.#pdfium.memory;
    if (this.#scratchView?.buffer !== buffer) this.#scratchView = new DataView(buffer, this.#scratch, SCRATCH.size);
    return this.#scratchView;
  }

  /** FS_RECTF: left, top, right, bottom. */
  #readBox(): void {
    const view = this.#view();
    const left = view.getFloat32(0, true);
    const top = view.getFloat32(4, true);
    const right = view.getFloat32(8, true);
    const bottom = view.getFloat32(12, true);
    this.#box[0] = Math.min(left, right);
    this.#box[1] = Math.min(bottom, top);
    this.#box[2] = Math.max(left, right);
    this.#box[3] = Math.max(bottom, top);
  }
}

/** Whether the centre of a box is on the page. */
function isInside(box: Float64Array, page: PageBox): boolean {
  const x = (box[0] + box[2]) / 2;
  const y = (box[1] + box[3]) / 2;
  return x >= page[0] && x <= page[2] && y >= page[1] && y <= page[3];
}

function place(text: string, box: Float64Array, style: Style, afterSpace: boolean): Character {
  return {
    text,
    left: box[0],
    right: box[2],
    top: box[1],
    bottom: box[3],
    baseline: box[1] + style.ascent,
    size: style.size,
    bold: style.font.bold,
    mono: style.font.mono,
    math: style.font.math,
    hidden: style.hidden,
    headingLevel: style.headingLevel,
    afterSpace,
  };
}
