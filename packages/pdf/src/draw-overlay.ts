import type { PdfBlock } from './block.ts';
import type { PdfDocument } from './pdf-document.ts';
import { PdfError } from './pdf-error.ts';

/** How blocks of each type are outlined. */
const COLOURS: Record<PdfBlock['type'], string> = {
  heading: '#d11',
  paragraph: '#27c',
  list: '#082',
  table: '#b0b',
  code: '#864',
  caption: '#e80',
  footnote: '#099',
  formula: '#770',
};
const POINTS_PER_INCH = 72;
/** Points. */
const LABEL = 7;

/** A page as a PNG with the blocks found on it drawn over: their outlines, types, and places in the reading order. */
export async function drawOverlay(
  document: PdfDocument,
  blocks: PdfBlock[],
  index: number,
  resolution = 110,
): Promise<Buffer> {
  const { data, width, height, resolution: actual } = document.render(index, resolution);
  const sharp = await loadSharp();
  const overlay = Buffer.from(overlaySvg(blocks, index + 1, width, height, actual / POINTS_PER_INCH));
  return sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('srgb')
    .composite([{ input: overlay }])
    .png()
    .toBuffer();
}

async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new PdfError('INVALID_ARGUMENT', 'drawing pages needs sharp, which cannot be loaded; run npm install sharp', {
      cause,
    });
  }
}

/** Outlines of a page's blocks as SVG of the picture's size. */
function overlaySvg(blocks: PdfBlock[], page: number, width: number, height: number, scale: number): string {
  const shapes = blocks.flatMap((block, order) =>
    block.places.filter((place) => place.page === page).map((place) => outline(block, order, place.box, scale)),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${shapes.join('')}</svg>`;
}

function outline(block: PdfBlock, order: number, box: readonly number[], scale: number): string {
  const colour = COLOURS[block.type];
  const [left, top, right, bottom] = box.map((edge) => edge * scale);
  const size = LABEL * scale;
  const detail =
    block.type === 'heading' ? block.level : block.type === 'table' ? `${block.rows}×${block.columns}` : '';
  const label = `${order} ${block.type}${detail}`;
  return (
    `<rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}" fill="${colour}" fill-opacity="0.08" stroke="${colour}"/>` +
    `<rect x="${left}" y="${top - size}" width="${label.length * size * 0.6}" height="${size}" fill="#fff" fill-opacity="0.8"/>` +
    `<text x="${left + 1}" y="${top - 1}" font-size="${size}" font-family="sans-serif" fill="${colour}">${label}</text>`
  );
}
