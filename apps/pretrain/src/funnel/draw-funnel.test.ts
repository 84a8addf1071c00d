import { describe, expect, it } from 'vitest';
import { drawBar, drawFunnel, short } from './draw-funnel.ts';
import type { Funnel } from './funnel.ts';

const sample = { id: 'a', url: 'http://a.example/', text: 'One\n\u001b[31mtwo 😀', value: 0.123456, limit: 0.1 };
const funnel: Funnel = {
  name: 'crawl',
  read: 1000,
  kept: 250,
  sources: [{ name: 'only', read: 1000, kept: 250 }],
  stages: [
    { step: 'read', in: 1000, out: 1000, reasons: [] },
    { step: 'url', in: 1000, out: 500, reasons: [{ reason: 'domain', documents: 500, samples: [sample] }] },
    { step: 'dedup', in: 500, out: 250, reasons: [{ reason: 'near_duplicate', documents: 250, samples: [] }] },
  ],
};

describe('drawFunnel', () => {
  it('shows what is left after each step, and what went for which reason', () => {
    expect(drawFunnel(funnel, 60)).toBe(`crawl: 250 of 1,000 documents kept (25.0 %)

read                 1,000  100.0 % ████████████████████████
url                    500   50.0 % ████████████
  − domain             500   50.0 % ▒▒▒▒▒▒▒▒▒▒▒▒
      0.1235 (limit 0.1) http://a.example/ “One [31mtwo 😀”
dedup                  250   25.0 % ██████
  − near_duplicate     250   25.0 % ▒▒▒▒▒▒
`);
  });

  it.each([20, 40, 80, 132, 300])('keeps to %d columns', (columns) => {
    const lines = drawFunnel(funnel, columns).split('\n');
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
  });

  it('draws nothing read as nothing', () => {
    expect(
      drawFunnel({ ...funnel, read: 0, kept: 0, stages: [{ step: 'read', in: 0, out: 0, reasons: [] }] }),
    ).toContain('0.0 %');
  });
});

describe('drawBar', () => {
  it('has eighths of a block, and shows whatever is there', () => {
    expect(drawBar(0.5, 10)).toBe('█████');
    expect(drawBar(0.56, 10)).toBe('█████▋');
    expect([drawBar(0, 10), drawBar(1e-9, 10), drawBar(2, 4)]).toEqual(['', '▏', '████']);
  });
});

describe('short', () => {
  it('keeps four digits and forty characters', () => {
    expect([short(1 / 3), short(12), short('x'.repeat(50))]).toEqual(['0.3333', '12', `${'x'.repeat(39)}…`]);
  });
});
