import type { Pdfium } from './pdfium.ts';

/** Text objects of a page, drawn or hidden. Shares are of the page's area. */
export interface TextFeatures {
  characters: number;
  boxes: number;
  meanBoxShare: number;
  areaShare: number;
}

/** What FinePDFs' router looks at on a page (github huggingface/finepdfs, 2025): text, hidden text, images, drawings. */
export interface PageFeatures {
  fonts: number;
  visible: TextFeatures;
  hidden: TextFeatures;
  /** Images drawn, and by what they are known: an image on all pages is decoration. */
  images: number;
  imageKeys: string[];
  /** Share of the page that images cover, strips of one picture merged; and the largest of them. */
  imageShare: number;
  largestImageShare: number;
  /** Path objects, and their stroked pieces. */
  paths: number;
  strokes: number;
}

const TEXT = 1;
const PATH = 2;
const IMAGE = 3;
const FORM = 5;
const INVISIBLE = 3;
const MAXIMUM_DEPTH = 4;
/** Pages of more objects are drawings; looking at so many tells enough. */
const MAXIMUM_OBJECTS = 10_000;
/** Scratch memory: a box (4 floats), draw modes, pixel sizes. */
const SCRATCH = 32;
/** Strips of one picture: as wide, in points, and as near as this. */
const EDGE_TOLERANCE = 5;
const GAP_TOLERANCE = 2;

/** Left, bottom, right, top in points. */
type Box = readonly [number, number, number, number];

/** Looks at the objects of a page. */
export function readPageFeatures(pdfium: Pdfium, page: number, textPage: number): PageFeatures {
  return pdfium.withBuffer(SCRATCH, (scratch) => new FeatureReader(pdfium, page, textPage, scratch).read());
}

class FeatureReader {
  readonly #pdfium: Pdfium;
  readonly #page: number;
  readonly #textPage: number;
  readonly #scratch: number;
  readonly #area: number;
  readonly #fonts = new Set<number>();
  readonly #images: Box[] = [];
  readonly #imageKeys: string[] = [];
  readonly #visible = { characters: 0, boxes: 0, area: 0 };
  readonly #hidden = { characters: 0, boxes: 0, area: 0 };
  #paths = 0;
  #strokes = 0;
  #left = MAXIMUM_OBJECTS;

  constructor(pdfium: Pdfium, page: number, textPage: number, scratch: number) {
    this.#pdfium = pdfium;
    this.#page = page;
    this.#textPage = textPage;
    this.#scratch = scratch;
    this.#area = pdfium.calls.FPDF_GetPageWidthF(page) * pdfium.calls.FPDF_GetPageHeightF(page) || 1;
  }

  read(): PageFeatures {
    const { calls } = this.#pdfium;
    const count = calls.FPDFPage_CountObjects(this.#page);
    this.#visit(count, (index) => calls.FPDFPage_GetObject(this.#page, index), 0);
    const images = mergeStrips(this.#images).map((box) => Math.min(1, areaOf(box) / this.#area));
    return {
      fonts: this.#fonts.size,
      visible: this.#textFeatures(this.#visible),
      hidden: this.#textFeatures(this.#hidden),
      images: this.#images.length,
      imageKeys: this.#imageKeys,
      imageShare: Math.min(
        1,
        images.reduce((sum, share) => sum + share, 0),
      ),
      largestImageShare: Math.max(0, ...images),
      paths: this.#paths,
      strokes: this.#strokes,
    };
  }

  #textFeatures({ characters, boxes, area }: { characters: number; boxes: number; area: number }): TextFeatures {
    const areaShare = area / this.#area;
    return { characters, boxes, meanBoxShare: boxes === 0 ? 0 : areaShare / boxes, areaShare };
  }

  #visit(count: number, get: (index: number) => number, depth: number): void {
    const { calls } = this.#pdfium;
    for (let index = 0; index < count && this.#left > 0; index++) {
      this.#left--;
      const object = get(index);
      const type = calls.FPDFPageObj_GetType(object);
      if (type === TEXT) this.#addText(object);
      else if (type === PATH) this.#addPath(object);
      else if (type === IMAGE) this.#addImage(object);
      else if (type === FORM && depth < MAXIMUM_DEPTH) {
        const children = calls.FPDFFormObj_CountObjects(object);
        this.#visit(children, (child) => calls.FPDFFormObj_GetObject(object, child), depth + 1);
      }
    }
  }

  #addText(object: number): void {
    const { calls } = this.#pdfium;
    this.#fonts.add(calls.FPDFTextObj_GetFont(object));
    const isHidden = calls.FPDFTextObj_GetTextRenderMode(object) === INVISIBLE;
    const features = isHidden ? this.#hidden : this.#visible;
    features.characters += Math.max(0, calls.FPDFTextObj_GetText(object, this.#textPage, 0, 0) / 2 - 1);
    features.boxes++;
    const box = this.#bounds(object);
    if (box) features.area += areaOf(box);
  }

  #addPath(object: number): void {
    const { calls, memory } = this.#pdfium;
    this.#paths++;
    if (!calls.FPDFPath_GetDrawMode(object, this.#scratch, this.#scratch + 4)) return;
    const isStroked = new DataView(memory.buffer, this.#scratch, 8).getUint32(4, true) !== 0;
    if (isStroked) this.#strokes += calls.FPDFPath_CountSegments(object);
  }

  #addImage(object: number): void {
    const { calls } = this.#pdfium;
    const box = this.#bounds(object);
    if (!box) return;
    this.#images.push(box);
    calls.FPDFImageObj_GetImagePixelSize(object, this.#scratch, this.#scratch + 4);
    const view = new DataView(this.#pdfium.memory.buffer, this.#scratch, 8);
    const bytes = calls.FPDFImageObj_GetImageDataRaw(object, 0, 0);
    this.#imageKeys.push(`${view.getUint32(0, true)}×${view.getUint32(4, true)}:${bytes}`);
  }

  #bounds(object: number): Box | undefined {
    const at = this.#scratch;
    if (!this.#pdfium.calls.FPDFPageObj_GetBounds(object, at, at + 4, at + 8, at + 12)) return undefined;
    const view = new DataView(this.#pdfium.memory.buffer, at, 16);
    return [0, 4, 8, 12].map((offset) => view.getFloat32(offset, true)) as unknown as Box;
  }
}

function areaOf([left, bottom, right, top]: Box): number {
  return Math.abs((right - left) * (top - bottom));
}

/** Scanners write a page as strips: what lies above each other, equally wide, is one picture. */
function mergeStrips(boxes: Box[]): Box[] {
  const merged: Box[] = [];
  for (const box of [...boxes].sort((a, b) => b[3] - a[3] || a[0] - b[0])) {
    const last = merged.at(-1);
    const isSame = last?.every((edge, index) => edge === box[index]);
    if (isSame) continue;
    if (last && isNextStrip(last, box)) merged[merged.length - 1] = [last[0], box[1], last[2], last[3]];
    else merged.push(box);
  }
  return merged;
}

function isNextStrip(above: Box, below: Box): boolean {
  const isAligned = Math.abs(above[0] - below[0]) <= EDGE_TOLERANCE && Math.abs(above[2] - below[2]) <= EDGE_TOLERANCE;
  return isAligned && Math.abs(above[1] - below[3]) <= GAP_TOLERANCE;
}
