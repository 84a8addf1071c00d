import { describe, expect, it } from 'vitest';
import { countDrops } from './dropped-documents.ts';

describe('countDrops', () => {
  it('adds up sources, in the order of the steps, the commonest reason first', () => {
    const report = (dropped: Record<string, number>, unreadable = {}) => ({
      unreadable,
      steps: [
        { name: 'c4', in: 0, out: 0, dropped: { lorem_ipsum: 1 }, counts: {} },
        { name: 'language', in: 0, out: 0, dropped, counts: {} },
      ],
    });
    const rows = countDrops([report({ de: 1, fr: 2 }, { damaged_line: 4 }), report({ de: 3 })], [], 'later');
    expect(rows.map(({ step, reason, documents }) => `${documents} ${step} ${reason}`)).toEqual([
      '4 read damaged_line',
      '4 language de',
      '2 language fr',
      '2 c4 lorem_ipsum',
    ]);
  });

  it('tells what repeats the held-out text from other repeats', () => {
    const duplicates = [
      { kind: 'near', source: 'novel', duplicateOfSource: 'later' },
      { kind: 'near', source: 'novel', duplicateOfSource: 'novel' },
      { kind: 'exact', source: 'later', duplicateOfSource: 'later' },
    ] as const;
    const reasons = countDrops([], duplicates, 'later').map(({ reason }) => reason);
    expect(reasons).toEqual(['exact', 'like_held_out', 'near']);
  });
});
