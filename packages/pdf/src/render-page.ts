import type { Pdfium } from './pdfium.ts';

/** A page as a picture: a byte a pixel, 0 black to 255 white, row by row from the top. */
export interface GreyImage {
  width: number;
  height: number;
  /** Pixels per inch. */
  resolution: number;
  data: Uint8Array;
}

/** Larger pictures are drawn at a lower resolution. */
const MAXIMUM_SIDE = 5000;
const POINTS_PER_INCH = 72;
const GREY_FORMAT = 1;
/** FPDF_ANNOT | FPDF_GRAYSCALE */
const RENDER_FLAGS = 0x01 | 0x08;
const IMAGE_OBJECT = 3;
/** Pages of more objects are drawings; looking at so many tells enough. */
const MAXIMUM_OBJECTS = 10_000;

/** Draws a page in grey, upright as a reader shows it. */
export function renderPage(pdfium: Pdfium, page: number, resolution: number): GreyImage {
  const { calls } = pdfium;
  const size = [calls.FPDF_GetPageWidthF(page), calls.FPDF_GetPageHeightF(page)];
  const scale = Math.min(resolution / POINTS_PER_INCH, MAXIMUM_SIDE / Math.max(...size));
  const [width, height] = size.map((side) => Math.max(1, Math.round(side * scale)));
  return pdfium.withBuffer(width * height, (pointer) => {
    const bitmap = calls.FPDFBitmap_CreateEx(width, height, GREY_FORMAT, pointer, width);
    if (bitmap === 0) throw new RangeError(`PDFium has no memory left for a picture of ${width} × ${height}`);
    try {
      calls.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xffffffff);
      calls.FPDF_RenderPageBitmap(bitmap, page, 0, 0, width, height, 0, RENDER_FLAGS);
    } finally {
      calls.FPDFBitmap_Destroy(bitmap);
    }
    const data = pdfium.memory.slice(pointer, pointer + width * height);
    return { width, height, resolution: scale * POINTS_PER_INCH, data };
  });
}

/** Share of a page that its images cover, 0 to 1; images over each other count twice. */
export function imageShare(pdfium: Pdfium, page: number): number {
  const { calls } = pdfium;
  const area = calls.FPDF_GetPageWidthF(page) * calls.FPDF_GetPageHeightF(page);
  const count = Math.min(MAXIMUM_OBJECTS, calls.FPDFPage_CountObjects(page));
  let covered = 0;
  pdfium.withBuffer(16, (pointer) => {
    for (let index = 0; index < count; index++) {
      const object = calls.FPDFPage_GetObject(page, index);
      if (calls.FPDFPageObj_GetType(object) !== IMAGE_OBJECT) continue;
      if (!calls.FPDFPageObj_GetBounds(object, pointer, pointer + 4, pointer + 8, pointer + 12)) continue;
      const view = new DataView(pdfium.memory.buffer, pointer, 16);
      const [left, bottom, right, top] = [0, 4, 8, 12].map((offset) => view.getFloat32(offset, true));
      covered += Math.abs((right - left) * (top - bottom));
    }
  });
  return area > 0 ? Math.min(1, covered / area) : 0;
}
