import { expect, it } from 'vitest';
import { makePdf, prose } from './fixtures/make-pdf.ts';
import { measureSkew } from './measure-skew.ts';
import { openPdf } from './open-pdf.ts';
import type { GreyImage } from './render-page.ts';
import { isBlank, turnPicture } from './turn-picture.ts';

async function render(draw: (pdf: PDFKit.PDFDocument) => void): Promise<GreyImage> {
  using pdf = await openPdf(await makePdf(draw));
  return pdf.render(0, 100);
}

it.each([0, 5, -5, 1.3, -8, 95])('measures how far a page turned by %f degrees is from straight', async (angle) => {
  const image = await render((pdf) => pdf.text(prose(0, 20)));
  expect(measureSkew(await turnPicture(image, angle))).toBeCloseTo(angle > 45 ? angle - 90 : angle, 1);
});

it('finds none where there are no lines', async () => {
  expect(measureSkew(await render((pdf) => pdf.text('Hi.')))).toBe(0);
  expect(measureSkew(await render((pdf) => pdf.rect(0, 0, 1, 1).stroke()))).toBe(0);
});

it('knows a blank page', async () => {
  expect(isBlank(await render((pdf) => pdf.circle(300, 400, 0.5).fill()))).toBe(true);
  expect(isBlank(await render((pdf) => pdf.text('A word.')))).toBe(false);
});
