import { describe, expect, it } from 'vitest';
import { jsonProgress, terminalProgress } from './progress.ts';

/** Collects what is written; a terminal of 40 columns, or a pipe. */
function screen(isTTY: boolean) {
  const written: string[] = [];
  const stream = {
    isTTY,
    columns: 40,
    write: (text: string) => written.push(text) > 0,
  } as unknown as NodeJS.WriteStream;
  return { written, progress: terminalProgress(stream) };
}

describe('terminalProgress', () => {
  it('rewrites one line that never wraps, and clears it before a line that stays', () => {
    const { written, progress } = screen(true);
    progress.update('train', 'x'.repeat(100));
    progress.finish('train', { seconds: 65 }, 'loss 6 → 3');
    expect(written).toEqual([`\rtrain    ${'x'.repeat(30)}\u001b[K`, '\r\u001b[K', 'train         1:05  loss 6 → 3\n']);
  });

  it('does not redraw for every document', () => {
    const { written, progress } = screen(true);
    for (let document = 0; document < 1000; document++) progress.update('curate', String(document));
    expect(written.length).toBeLessThan(20);
  });

  it('moves no cursor where there is no terminal, and says nothing of short work but its result', () => {
    const { written, progress } = screen(false);
    progress.update('curate', 'half done');
    progress.finish('curate', 'unchanged', '26 of 27 documents kept');
    progress.done();
    expect(written).toEqual(['curate   unchanged  26 of 27 documents kept\n']);
  });
});

describe('jsonProgress', () => {
  it('writes one object a line', () => {
    const lines: string[] = [];
    const progress = jsonProgress((line) => lines.push(line));
    progress.update('train', 'step 1');
    progress.finish('train', { seconds: 1.5 }, 'done "well"');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { type: 'progress', step: 'train', message: 'step 1' },
      { type: 'done', step: 'train', seconds: 1.5, message: 'done "well"' },
    ]);
    expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
  });
});
