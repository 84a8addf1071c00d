import type { GreyImage } from './render-page.ts';

/** Quarter turns, clockwise, in degrees. */
export type QuarterTurn = 0 | 90 | 180 | 270;

/** Darker pixels are ink. */
const INK = 128;
/** A page with less ink, as share of its pixels, is blank but for dust. */
const BLANK_SHARE = 0.00003;

/** Turns a picture clockwise, by any angle in degrees; corners that come up are white. */
export async function turnPicture(image: GreyImage, angle: number): Promise<GreyImage> {
  if (angle === 0) return image;
  const { default: sharp } = await import('sharp');
  const raw = { width: image.width, height: image.height, channels: 1 as const };
  const turned = sharp(image.data, { raw }).rotate(angle, { background: '#fff' }).toColourspace('b-w');
  const { data, info } = await turned.raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, resolution: image.resolution, data };
}

/** Whether there is nothing on a picture. */
export function isBlank({ data }: GreyImage): boolean {
  let ink = 0;
  for (let at = 0; at < data.length; at++) if (data[at] < INK) ink++; // an iterator takes five times as long
  return ink < data.length * BLANK_SHARE;
}
