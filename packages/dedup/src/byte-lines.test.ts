import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readByteLines } from './byte-lines.ts';
import type { LineOptions } from './byte-lines.ts';
import { cutInputs } from './input-parts.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'byte-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(path: string, options: LineOptions = {}): Promise<(string | null)[]> {
  const lines: (string | null)[] = [];
  for await (const group of readByteLines(path, options)) {
    for (const { bytes } of group) lines.push(bytes?.toString() ?? null);
  }
  return lines;
}

describe('readByteLines', () => {
  it('gives each line to exactly one part, however a file is cut', async () => {
    const path = join(folder, 'any.jsonl');
    const line = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\n', ' '));
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.boolean(), fc.integer({ min: 1, max: 40 }), async (texts, ended, bytes) => {
        writeFileSync(path, texts.join('\n') + (ended ? '\n' : ''));
        const whole = await read(path);
        const counts: number[] = [];
        const parts: (string | null)[] = [];
        for (const { range } of cutInputs([path], bytes)) {
          parts.push(...(await read(path, { range, onLines: (lines) => counts.push(lines) })));
        }
        expect(parts).toEqual(whole);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(whole.length);
      }),
      { numRuns: 60 },
    );
  });

  it('passes over a line that is too long, also where it spans parts', async () => {
    const path = join(folder, 'long.jsonl');
    writeFileSync(path, `a\n${'x'.repeat(5000)}\nb\n`);
    expect(await read(path, { longestLine: 100 })).toEqual(['a', null, 'b']);
    const parts = await Promise.all(cutInputs([path], 500).map(({ range }) => read(path, { range, longestLine: 100 })));
    expect(parts.filter((lines) => lines.length > 0)).toEqual([['a', null], ['b']]);
  });
});
