import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findRepeatedTokens } from './repeated-substrings.ts';
import { SubstringParts } from './substring-parts.ts';

/** All places whose window stands elsewhere, by comparing all with all. */
function slowRepeats(sequences: number[][], minimum: number, keep: 'first' | 'none') {
  const windows = sequences.map((tokens) =>
    Array.from({ length: Math.max(0, tokens.length - minimum + 1) }, (_, at) => tokens.slice(at, at + minimum).join()),
  );
  const all = windows.flat();
  let place = 0;
  return windows.map((own) => {
    const ranges: { start: number; end: number }[] = [];
    for (const [start, window] of own.entries()) {
      const known = keep === 'first' ? all.slice(0, place) : all.toSpliced(place, 1);
      place++;
      if (!known.includes(window)) continue;
      const last = ranges.at(-1);
      if (last && start <= last.end) last.end = start + minimum;
      else ranges.push({ start, end: start + minimum });
    }
    return ranges;
  });
}

const sequences = fc.array(fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 40 }), { maxLength: 8 });

describe('repeated parts of lists of tokens', () => {
  it.each(['first', 'none'] as const)('are those that comparing all with all finds (%s)', (keep) => {
    fc.assert(
      fc.property(sequences, fc.integer({ min: 1, max: 6 }), (lists, minimumTokens) => {
        const tokens = lists.map((list) => Uint32Array.from(list));
        expect(findRepeatedTokens(tokens, { minimumTokens, keep })).toEqual(slowRepeats(lists, minimumTokens, keep));
      }),
    );
  });

  it('are the same where memory holds a few of them at a time', () => {
    const folder = mkdtempSync(join(tmpdir(), 'substring-parts-'));
    fc.assert(
      fc.property(
        sequences,
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom('first', 'none'),
        (lists, minimum, keep) => {
          let files = 0;
          const parts = new SubstringParts({ folder: join(folder, 'run'), width: 4, minimum, keep, memory: 32 * 50 });
          for (const half of [lists.slice(0, 3), lists.slice(3)]) {
            const path = join(folder, `symbols-${files++}`);
            writeFileSync(path, new Uint8Array(Uint32Array.from(half.flat()).buffer));
            parts.add(
              path,
              half.map(({ length }) => length),
            );
          }
          const rangesOf = parts.find();
          expect(lists.map((_, index) => rangesOf(index))).toEqual(slowRepeats(lists, minimum, keep));
          parts.close();
        },
      ),
      { numRuns: 60 },
    );
    rmSync(folder, { recursive: true });
  });

  /** Repeats of lists of bytes, searched with so many bytes of memory. */
  function findInParts(lists: Uint8Array[], minimum: number, memory: number) {
    const folder = mkdtempSync(join(tmpdir(), 'substring-parts-'));
    try {
      const parts = new SubstringParts({ folder: join(folder, 'run'), width: 1, minimum, keep: 'first', memory });
      writeFileSync(join(folder, 'symbols'), Buffer.concat(lists));
      parts.add(
        join(folder, 'symbols'),
        lists.map(({ length }) => length),
      );
      const rangesOf = parts.find();
      const found = lists.map((_, index) => rangesOf(index));
      parts.close();
      return found;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Bytes without a pattern. */
  const noise = (length: number) => Uint8Array.from({ length }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);

  it('are found in little memory however often they are repeated', () => {
    const text = noise(2000);
    const [first, ...others] = findInParts(Array<Uint8Array>(300).fill(text), 100, 32 * 20_000);
    expect(first).toEqual([]);
    expect(others).toEqual(others.map(() => [{ start: 0, end: 2000 }]));
    const run = new Uint8Array(500_000);
    expect(findInParts([run, run], 100, 32 * 20_000)).toEqual([
      [{ start: 1, end: 500_000 }],
      [{ start: 0, end: 500_000 }],
    ]);
  });

  it('are refused where memory is too little by far, and it is said how much is enough', () => {
    const text = noise(20_000);
    const enough = expect.objectContaining({
      code: 'OUT_OF_MEMORY',
      message: expect.stringContaining('2 MiB are enough'),
    });
    expect(() => findInParts([text, text], 1, 1)).toThrow(enough);
  });
});
