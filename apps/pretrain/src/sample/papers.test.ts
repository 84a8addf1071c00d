import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { extractPdf } from '@smol/pdf';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../fixtures/tiny-run.ts';
import { writePaper } from './papers.ts';
import { readSpeeches } from './text-packages.ts';

describe('writePaper', () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each([1, 2] as const)(
    'writes the same PDF each time, whose text can be read again, in %d columns',
    async (columns) => {
      const speech = { ...readSpeeches()[160], text: `${readSpeeches()[160].text.slice(0, 9000)} The very end.` };
      const paths = ['a.pdf', 'b.pdf'].map((name) => join(folder, name));
      for (const path of paths) await writePaper(path, speech, columns);
      expect(readFileSync(paths[0]).equals(readFileSync(paths[1]))).toBe(true);
      const { text, pageCount } = await extractPdf(paths[0]);
      const words = (value: string) => value.replace(/\s+/g, ' ');
      expect(pageCount).toBeGreaterThan(1);
      expect(words(text)).toContain(words(speech.text).slice(0, 200));
      expect(words(text)).toContain('The very end.');
    },
  );
});
