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
          const parts = new SubstringParts({ folder: join(folder, 'run'), width: 4, minimum, keep, memory: 64 * 40 });
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
});
