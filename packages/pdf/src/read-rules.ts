import type { Pdfium } from './pdfium.ts';
import type { Frame, PageBox } from './frame.ts';
import type { Rule } from './rule.ts';

const PATH_OBJECT = 2;
const FORM_OBJECT = 5;
/** FPDFPath segment types. */
const LINE = 0;
const MOVE = 2;
/** Points. Thinner paths are lines, whatever they are made of. */
const THIN = 3;
/** Segments of a line: where it starts, and where it ends. */
const SINGLE = 2;
/** Shorter lines are parts of drawings. */
const SHORT = 4;
/** Pages of more are drawings, and no table is looked for in what is left. */
const MAXIMUM_OBJECTS = 20_000;
const MAXIMUM_SEGMENTS = 400;
const MAXIMUM_RULES = 5000;
const MAXIMUM_DEPTH = 4;
/** Filled boxes that later ones may lie in. */
const MAXIMUM_FILLS = 64;
/** Boxes filled with a lighter grey are not seen. */
const WHITE = 250;

/** a b c d e f of a transformation (ISO 32000-1, 8.3.3). */
type Matrix = readonly [number, number, number, number, number, number];
const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];
/** Scratch memory: six floats, and colours. */
const SCRATCH = 48;

/** A straight piece of a path, in page space. */
export type Segment = readonly [x1: number, y1: number, x2: number, y2: number];

/** Straight lines of a page that run along or across it: strokes, thin bars, edges of boxes; in page space. */
export function readSegments(pdfium: Pdfium, page: number): Segment[] {
  return pdfium.withBuffer(SCRATCH, (scratch) => new PathReader(pdfium, scratch).read(page));
}

/** A box filled with a colour. */
interface Fill {
  box: PageBox;
  colour: string;
}

class PathReader {
  readonly #pdfium: Pdfium;
  readonly #scratch: number;
  readonly #segments: Segment[] = [];
  readonly #fills: Fill[] = [];
  #left = MAXIMUM_OBJECTS;
  #scratchView: DataView | undefined;

  constructor(pdfium: Pdfium, scratch: number) {
    this.#pdfium = pdfium;
    this.#scratch = scratch;
  }

  read(page: number): Segment[] {
    const { calls, glyphCalls } = this.#pdfium;
    const count = calls.FPDFPage_CountObjects(page);
    this.#visit(count, (index) => glyphCalls.FPDFPage_GetObject(page, index), IDENTITY, 0);
    return this.#segments;
  }

  #visit(count: number, get: (index: number) => number, matrix: Matrix, depth: number): void {
    const { calls, glyphCalls } = this.#pdfium;
    for (let index = 0; index < count && this.#left > 0; index++) {
      if (this.#segments.length >= MAXIMUM_RULES) return;
      this.#left--;
      const object = get(index);
      const type = glyphCalls.FPDFPageObj_GetType(object);
      if (type === PATH_OBJECT) this.#readPath(object, matrix);
      if (type !== FORM_OBJECT || depth >= MAXIMUM_DEPTH) continue;
      const inner = multiply(this.#readMatrix(object), matrix);
      this.#visit(
        calls.FPDFFormObj_CountObjects(object),
        (child) => glyphCalls.FPDFFormObj_GetObject(object, child),
        inner,
        depth + 1,
      );
    }
  }

  #readPath(path: number, matrix: Matrix): void {
    const { glyphCalls } = this.#pdfium;
    const at = this.#scratch;
    if (!glyphCalls.FPDFPageObj_GetBounds(path, at, at + 4, at + 8, at + 12)) return;
    const bounds = [this.#float(0), this.#float(1), this.#float(2), this.#float(3)] as const;
    const [left, bottom, right, top] = transformBox(bounds, matrix);
    const [width, height] = [right - left, top - bottom];
    if (Math.max(width, height) < SHORT || !this.#isSeen(path)) return;
    const single = this.#pdfium.glyphCalls.FPDFPath_CountSegments(path) <= SINGLE || this.#startsOnce(path);
    if (Math.min(width, height) > THIN && this.#isMerged(path, [left, bottom, right, top])) return;
    if (single && height <= THIN) this.#segments.push([left, (bottom + top) / 2, right, (bottom + top) / 2]);
    else if (single && width <= THIN) this.#segments.push([(left + right) / 2, bottom, (left + right) / 2, top]);
    else this.#readOutline(path, multiply(this.#readMatrix(path), matrix));
  }

  /** Whether a path is one line or box: several may be drawn at once. */
  #startsOnce(path: number): boolean {
    const { glyphCalls } = this.#pdfium;
    let starts = 0;
    for (let index = 0; index < Math.min(MAXIMUM_SEGMENTS, glyphCalls.FPDFPath_CountSegments(path)); index++) {
      const segment = glyphCalls.FPDFPath_GetPathSegment(path, index);
      if (glyphCalls.FPDFPathSegment_GetType(segment) === MOVE && ++starts > 1) return false;
    }
    return true;
  }

  /** Whether a path is drawn in something other than white. */
  #isSeen(path: number): boolean {
    const { glyphCalls } = this.#pdfium;
    const at = this.#scratch;
    if (!glyphCalls.FPDFPath_GetDrawMode(path, at, at + 4)) return false;
    const [filled, stroked] = [this.#integer(0) !== 0, this.#integer(1) !== 0];
    if (stroked) return true;
    if (!filled || !glyphCalls.FPDFPageObj_GetFillColor(path, at, at + 4, at + 8, at + 12)) return false;
    const darkest = Math.min(this.#integer(0), this.#integer(1), this.#integer(2));
    return this.#integer(3) > 0 && darkest < WHITE;
  }

  /** Whether a box without edges of its own lies in one of the same colour: word processors fill cells, and each line in them once more. */
  #isMerged(path: number, box: PageBox): boolean {
    const at = this.#scratch;
    this.#pdfium.glyphCalls.FPDFPath_GetDrawMode(path, at, at + 4);
    if (this.#integer(1) !== 0) return false;
    this.#pdfium.glyphCalls.FPDFPageObj_GetFillColor(path, at, at + 4, at + 8, at + 12);
    const colour = `${this.#integer(0)} ${this.#integer(1)} ${this.#integer(2)}`;
    const below = this.#fills.findLast((fill) => isWithin(box, fill.box));
    this.#fills.push({ box, colour });
    if (this.#fills.length > MAXIMUM_FILLS) this.#fills.shift();
    return below?.colour === colour;
  }

  #readOutline(path: number, matrix: Matrix): void {
    const { glyphCalls } = this.#pdfium;
    const count = glyphCalls.FPDFPath_CountSegments(path);
    if (count > MAXIMUM_SEGMENTS) return;
    let [start, last] = [[0, 0] as const, [0, 0] as const] as (readonly [number, number])[];
    for (let index = 0; index < count; index++) {
      const segment = glyphCalls.FPDFPath_GetPathSegment(path, index);
      if (!glyphCalls.FPDFPathSegment_GetPoint(segment, this.#scratch, this.#scratch + 4)) return;
      const type = glyphCalls.FPDFPathSegment_GetType(segment);
      const point = transform(this.#float(0), this.#float(1), matrix);
      if (type === LINE) this.#segments.push([...last, ...point]);
      else if (type === MOVE) start = point;
      last = point;
      if (glyphCalls.FPDFPathSegment_GetClose(segment)) this.#segments.push([...last, ...start]);
    }
  }

  #readMatrix(object: number): Matrix {
    if (!this.#pdfium.glyphCalls.FPDFPageObj_GetMatrix(object, this.#scratch)) return IDENTITY;
    return [this.#float(0), this.#float(1), this.#float(2), this.#float(3), this.#float(4), this.#float(5)];
  }

  #float(index: number): number {
    return this.#view().getFloat32(index * 4, true);
  }

  #integer(index: number): number {
    return this.#view().getUint32(index * 4, true);
  }

  /** The scratch memory; a new view only when the memory has moved. */
  #view(): DataView {
    const { buffer } = this.#pdfium.memory;
    if (this.#scratchView?.buffer !== buffer) this.#scratchView = new DataView(buffer, this.#scratch, SCRATCH);
    return this.#scratchView;
  }
}

/** Whether a box lies in another, within the rounding of what writes them. */
function isWithin([left, bottom, right, top]: PageBox, outer: PageBox): boolean {
  return left > outer[0] - 1 && bottom > outer[1] - 1 && right < outer[2] + 1 && top < outer[3] + 1;
}

function transform(x: number, y: number, [a, b, c, d, e, f]: Matrix): readonly [number, number] {
  return [a * x + c * y + e, b * x + d * y + f];
}

function transformBox(box: PageBox, matrix: Matrix): PageBox {
  if (matrix === IDENTITY) return box;
  const [left, bottom, right, top] = box;
  const corners = [transform(left, bottom, matrix), transform(left, top, matrix)];
  corners.push(transform(right, bottom, matrix), transform(right, top, matrix));
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** First `a`, then `b`. */
function multiply(a: Matrix, b: Matrix): Matrix {
  const [e, f] = transform(a[4], a[5], b);
  return [
    a[0] * b[0] + a[1] * b[2],
    a[0] * b[1] + a[1] * b[3],
    a[2] * b[0] + a[3] * b[2],
    a[2] * b[1] + a[3] * b[3],
    e,
    f,
  ];
}

/** Segments of a page → rules in the frame of its text; what is neither along nor across it, or off the page, goes. */
export function placeRules(segments: Segment[], frame: Frame): Rule[] {
  return segments.flatMap(([x1, y1, x2, y2]) => {
    const box: PageBox = [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
    const [left, top, right, bottom] = frame.place(box);
    const [width, height] = [right - left, bottom - top];
    if (Math.min(width, height) > 1 || Math.max(width, height) < SHORT) return [];
    const horizontal = width > height;
    const rule: Rule = horizontal
      ? { horizontal, at: (top + bottom) / 2, from: Math.max(0, left), to: Math.min(frame.width, right) }
      : { horizontal, at: (left + right) / 2, from: Math.max(0, top), to: Math.min(frame.height, bottom) };
    const inside = rule.at >= 0 && rule.at <= (horizontal ? frame.height : frame.width);
    return inside && rule.to - rule.from >= SHORT ? [rule] : [];
  });
}
