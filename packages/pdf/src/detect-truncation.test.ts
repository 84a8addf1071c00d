import { expect, it } from 'vitest';
import { detectTruncation } from './detect-truncation.ts';
import { makePdf, prose } from './fixtures/make-pdf.ts';

const text = (content: string) => new TextEncoder().encode(content);

it('finds nothing wrong with a whole file, even with padding behind it', async () => {
  const bytes = await makePdf((pdf) => pdf.text(prose(0, 5)));
  expect(detectTruncation(bytes)).toEqual({ truncated: false });
  expect(detectTruncation(Buffer.concat([bytes, Buffer.alloc(5000)]))).toEqual({ truncated: false });
});

it.each([0.25, 0.5, 0.75, 0.99])('knows a file that was cut at %f of its length', async (share) => {
  const bytes = await makePdf((pdf) => pdf.text(prose(0, 5)));
  expect(detectTruncation(bytes.subarray(0, Math.floor(bytes.length * share)))).toEqual({
    truncated: true,
    reason: 'its end mark %%EOF is missing',
  });
});

it.each([500 * 1024, 1024 * 1024, 5 * 1024 * 1024])(
  'names the limit of crawlers when a file ends there: %i',
  (size) => {
    const bytes = new Uint8Array(size).fill(65);
    bytes.set(text('%PDF-1.7\n'));
    expect(detectTruncation(bytes)).toMatchObject({
      truncated: true,
      crawlLimit: size,
      reason: expect.stringContaining(`exactly ${size} bytes, where crawlers cut`),
    });
  },
);

it('believes what a file says about its own length', () => {
  const linearized = '%PDF-1.7\n1 0 obj<</Linearized 1/L 5000/N 3>>endobj\n%%EOF';
  expect(detectTruncation(text(linearized)).reason).toBe('it says that it has 5000 bytes and has 56');
  expect(detectTruncation(text('%PDF-1.7\nstartxref\n9999\n%%EOF')).reason).toMatch(/should be at byte 9999 of 29$/);
});

it('takes an empty file for cut', () => {
  expect(detectTruncation(new Uint8Array(0)).truncated).toBe(true);
});
