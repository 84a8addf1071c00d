import { describe, expect, it } from 'vitest';
import { extractPdf } from './extract-pdf.ts';
import { makePdf } from './fixtures/make-pdf.ts';
import type { OcrEngine, OcrLine, OcrWord } from './ocr-engine.ts';
import { recognizePage } from './recognize-page.ts';
import type { GreyImage } from './render-page.ts';

/** A page of 600 × 800 pixels at 100 per inch, white but for a black bar. */
function picture(bar: { left: number; top: number; width: number; height: number }): GreyImage {
  const data = new Uint8Array(600 * 800).fill(255);
  for (let y = bar.top; y < bar.top + bar.height; y++) data.fill(0, y * 600 + bar.left, y * 600 + bar.left + bar.width);
  return { width: 600, height: 800, resolution: 100, data };
}

const atTop = picture({ left: 50, top: 50, width: 300, height: 20 });
const atBottom = picture({ left: 50, top: 700, width: 300, height: 20 });

/** Words of 40 pixels a line, one below the other. */
function lines(confidence: number, ...texts: string[]): OcrLine[] {
  return texts.map((text, row) => ({ words: text.split(' ').map((word, at) => place(word, at, row, confidence)), baseline: 116 + row * 40, height: 20 })); // prettier-ignore
}

function place(text: string, at: number, row: number, confidence: number): OcrWord {
  return { text, left: 50 + at * 60, right: 100 + at * 60, top: 100 + row * 40, bottom: 120 + row * 40, confidence };
}

/** An engine that reads only pages with ink at the top. */
const upright: OcrEngine = {
  recognize: async ({ data, width }) => lines(data.indexOf(0) < width * 100 ? 95 : 35, 'one two', 'three four'),
};

describe('recognizePage', () => {
  it('puts letters where the words are, in points', async () => {
    const { groups, characters, confidence, repairs } = await recognizePage(atTop, upright, 'eng');
    expect([characters, confidence, repairs]).toEqual([15, 95, []]);
    expect(groups[0].characters.map(({ text, afterSpace }) => (afterSpace ? ` ${text}` : text)).join('')).toBe(' one two three four'); // prettier-ignore
    expect(groups[0]).toMatchObject({ angle: 0, width: 432, height: 576 });
    expect(groups[0].characters[0]).toMatchObject({ left: 36, baseline: 83.52 });
    expect(groups[0].characters[2].right).toBeCloseTo(72, 6);
  });

  it('turns a page that lies upside down', async () => {
    const { repairs, confidence } = await recognizePage(atBottom, upright, 'eng');
    expect([repairs, confidence]).toEqual([['turned by 180 degrees'], 95]);
  });

  it('turns a page whose lines run down, unless it is Chinese or Japanese', async () => {
    const turns: number[] = [];
    const sideways: OcrEngine = {
      recognize: async ({ width, height }) => {
        turns.push(width > height ? 1 : 0);
        if (width > height) return lines(95, 'one two');
        return [{ words: [place('one', 0, 0, 95), place('two', 0, 5, 95)], baseline: 0, height: 20 }];
      },
    };
    expect((await recognizePage(atTop, sideways, 'eng')).repairs).toEqual(['turned by 270 degrees']);
    expect((await recognizePage(atTop, sideways, 'jpn')).repairs).toEqual([]);
    expect(turns).toEqual([0, 1, 0]);
  });

  it('leaves out words that are noise, and says so', async () => {
    const noisy: OcrEngine = { recognize: async () => [...lines(95, 'clear words here'), ...lines(20, 'xq')] };
    const { characters, repairs } = await recognizePage(atTop, noisy, 'eng');
    expect([characters, repairs]).toEqual([14, ['1 doubtful word left out']]);
  });

  it('leaves out a page that is all noise', async () => {
    const hopeless: OcrEngine = { recognize: async () => lines(40, 'l1I |]') };
    expect(await recognizePage(atTop, hopeless, 'eng')).toMatchObject({ groups: [], characters: 0, confidence: 40 });
  });

  it('asks nobody about a blank page', async () => {
    const asked: OcrEngine = { recognize: () => Promise.reject(new Error('asked')) };
    const blank = picture({ left: 0, top: 0, width: 3, height: 3 });
    expect(await recognizePage(blank, asked, 'eng')).toMatchObject({ groups: [], confidence: 0 });
  });
});

describe('extractPdf with an engine of one’s own', () => {
  const engine: OcrEngine = { recognize: async (_, language) => lines(90, `read as ${language}`) };
  const drawn = () => makePdf((pdf) => pdf.rect(50, 50, 300, 30).fill(), { lang: 'de-AT' });

  it('takes its lines for text', async () => {
    const { text, pages } = await extractPdf(await drawn(), { ocr: 'force', ocrEngine: engine });
    expect(text).toBe('read as eng');
    expect(pages).toMatchObject([{ route: 'ocr', confidence: 90, characters: 9, reason: 'recognition was asked for' }]);
  });

  it('chooses the language by what the document says, or by its text', async () => {
    const options = { ocr: 'force', ocrEngine: engine, ocrLanguage: 'auto' } as const;
    expect((await extractPdf(await drawn(), options)).text).toBe('read as deu');
    const silent = await makePdf((pdf) => pdf.rect(50, 50, 300, 30).fill());
    const identifyLanguage = (text: string) => (text.includes('read as eng') ? 'fra_Latn' : 'und');
    expect((await extractPdf(silent, { ...options, identifyLanguage })).text).toBe('read as fra');
  });

  it('says when nothing was recognised', async () => {
    const empty = await makePdf((pdf) => pdf.rect(0, 0, 1, 1).stroke());
    const { text, pages } = await extractPdf(empty, { ocr: 'force', ocrEngine: engine });
    expect(text).toBe('');
    expect(pages).toMatchObject([{ route: 'ocr', characters: 0, reason: expect.stringContaining('nothing was recognised') }]); // prettier-ignore
  });
});
