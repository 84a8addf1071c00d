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
