import type { Character, CharacterGroup } from './character.ts';
import type { Pdfium } from './pdfium.ts';

/** How the glyphs of a text object are drawn. */
interface Style {
  size: number;
  angle: number;
  bold: boolean;
  hidden: boolean;
  /** From the top of a glyph's box down to the baseline; the box has the height of the font, so that all glyphs share it. */
  ascent: number;
}

/** Left, bottom, right, top in page space: y up. */
type Box = readonly [left: number, bottom: number, right: number, top: number];

const INVISIBLE = 3;
const SEMIBOLD = 600;
/** Text skewed by less counts as straight; scanned pages are never quite so. */
const ANGLE_STEP = 15;
/** Scratch memory: a box (4 floats), an origin (2 doubles), a matrix (6 floats), a font name. */
const SCRATCH = { box: 0, origin: 16, matrix: 32, flags: 56, name: 64, size: 64 + 256 };

/**
 * Reads the glyphs of a page that lie on the page, grouped by direction, the largest group first; in the order of the file.
 * Glyphs that mean nothing (unmapped) are left out.
 */
export function readCharacters(pdfium: Pdfium, textPage: number, page: number): CharacterGroup[] {
  return pdfium.withBuffer(SCRATCH.size, (scratch) => new PageReader(pdfium, textPage, page, scratch).read());
}

class PageReader {
  readonly #pdfium: Pdfium;
  readonly #textPage: number;
  readonly #scratch: number;
  readonly #pageBox: Box;
  readonly #groups = new Map<number, CharacterGroup>();
  #scratchView: DataView | undefined;
  #object = 0;
  #style: Style = { size: 0, angle: 0, bold: false, hidden: false, ascent: 0 };

  constructor(pdfium: Pdfium, textPage: number, page: number, scratch: number) {
    this.#pdfium = pdfium;
    this.#textPage = textPage;
    this.#scratch = scratch;
    pdfium.calls.FPDF_GetPageBoundingBox(page, scratch);
    this.#pageBox = this.#readBox();
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
    const code = this.#pdfium.glyphCalls.FPDFText_GetUnicode(this.#textPage, index);
    if (code === 0x02) return '-'; // PDFium's mark for a hyphen that ends a line
    if (code <= 0x20 || code === 0xa0 || code > 0x10ffff || code === 0xffff || code === 0xfffe) return ' ';
    return String.fromCodePoint(code);
  }

  #add(index: number, text: string, afterSpace: boolean): boolean {
    const { glyphCalls } = this.#pdfium;
    if (!glyphCalls.FPDFText_GetLooseCharBox(this.#textPage, index, this.#scratch)) return false;
    const box = this.#readBox();
    if (!isInside(box, this.#pageBox)) return false;
    const object = glyphCalls.FPDFText_GetTextObject(this.#textPage, index);
    if (object !== this.#object) this.#style = this.#readStyle(index, object, box);
    this.#object = object;
    this.#group(this.#style.angle).characters.push(place(text, box, this.#style, this.#pageBox, afterSpace));
    return true;
  }

  #readStyle(index: number, object: number, box: Box): Style {
    const { calls } = this.#pdfium;
    calls.FPDFText_GetMatrix(this.#textPage, index, this.#scratch + SCRATCH.matrix);
    const view = this.#view();
    const [a, b, c, d] = [0, 4, 8, 12].map((offset) => view.getFloat32(SCRATCH.matrix + offset, true));
    const scale = Math.hypot(c, d) || 1;
    const fontSize = calls.FPDFText_GetFontSize(this.#textPage, index);
    const size = Math.abs(fontSize) * scale || 1;
    // A negative size turns the glyphs round.
    const degrees = (Math.atan2(b, a) * 180) / Math.PI + (fontSize < 0 ? 180 : 0);
    const angle = (Math.round(degrees / ANGLE_STEP) * ANGLE_STEP + 360) % 360;
    const hidden = object !== 0 && calls.FPDFTextObj_GetTextRenderMode(object) === INVISIBLE;
    return { size, angle, bold: this.#isBold(index), hidden, ascent: this.#readAscent(index, angle, box) };
  }

  #readAscent(index: number, angle: number, box: Box): number {
    const origin = this.#scratch + SCRATCH.origin;
    this.#pdfium.calls.FPDFText_GetCharOrigin(this.#textPage, index, origin, origin + 8);
    const view = this.#view();
    const x = view.getFloat64(SCRATCH.origin, true);
    const y = view.getFloat64(SCRATCH.origin + 8, true);
    return rotate(box, angle)[3] - rotate([x, y, x, y], angle)[1];
  }

  #isBold(index: number): boolean {
    const { calls, memory } = this.#pdfium;
    if (calls.FPDFText_GetFontWeight(this.#textPage, index) >= SEMIBOLD) return true;
    const name = this.#scratch + SCRATCH.name;
    const length = calls.FPDFText_GetFontInfo(this.#textPage, index, name, 256, this.#scratch + SCRATCH.flags);
    if (length <= 1 || length > 256) return false;
    return /bold|black|heavy|demi/i.test(Buffer.from(memory.subarray(name, name + length - 1)).toString('latin1'));
  }

  #group(angle: number): CharacterGroup {
    const known = this.#groups.get(angle);
    if (known) return known;
    const [left, bottom, right, top] = rotate(this.#pageBox, angle);
    const group = { angle, width: right - left, height: top - bottom, characters: [] };
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
  #readBox(): Box {
    const view = this.#view();
    const left = view.getFloat32(0, true);
    const top = view.getFloat32(4, true);
    const right = view.getFloat32(8, true);
    const bottom = view.getFloat32(12, true);
    return [Math.min(left, right), Math.min(bottom, top), Math.max(left, right), Math.max(bottom, top)];
  }
}

/** Whether the centre of a box is on the page. */
function isInside([left, bottom, right, top]: Box, page: Box): boolean {
  const x = (left + right) / 2;
  const y = (bottom + top) / 2;
  return x >= page[0] && x <= page[2] && y >= page[1] && y <= page[3];
}

function place(text: string, box: Box, style: Style, page: Box, afterSpace: boolean): Character {
  const { size, angle, bold, hidden, ascent } = style;
  const frame = rotate(page, angle);
  const [left, bottom, right, top] = rotate(box, angle);
  return {
    text,
    left: left - frame[0],
    right: right - frame[0],
    top: frame[3] - top,
    bottom: frame[3] - bottom,
    baseline: frame[3] - top + ascent,
    size,
    bold,
    hidden,
    afterSpace,
  };
}

/** The box around a box turned by −angle about the origin, so that text at that angle runs to the right. */
function rotate(box: Box, angle: number): Box {
  if (angle === 0) return box;
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((angle * Math.PI) / 180);
  const [left, bottom, right, top] = box;
  const corners = [
    [left, bottom],
    [left, top],
    [right, bottom],
    [right, top],
  ];
  const xs = corners.map(([x, y]) => x * cosine + y * sine);
  const ys = corners.map(([x, y]) => y * cosine - x * sine);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
