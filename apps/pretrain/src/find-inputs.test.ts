import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findInputs } from './find-inputs.ts';
import { temporaryFolder } from './fixtures/tiny-run.ts';
import type { Recipe } from './recipe-schema.ts';

describe('findInputs', () => {
  const root = temporaryFolder();
  const folder = join(root, 'recipes (1) [new]');
  const runFolder = join(root, 'runs {a,b}');
  const find = (...paths: string[]) => {
    const recipe = { sources: { text: { paths } } } as unknown as Recipe;
    return findInputs({ recipe, folder, runFolder }, 'text').map((file) => file.slice(root.length + 1));
  };

  beforeAll(() => {
    for (const place of [folder, join(runFolder, 'raw')]) {
      mkdirSync(place, { recursive: true });
      for (const name of ['b.jsonl', 'a.jsonl', '[x].jsonl']) writeFileSync(join(place, name), '');
    }
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('starts relative paths at the recipe, sorts what a pattern finds and names each file once', () => {
    const expected = ['b.jsonl', '[x].jsonl', 'a.jsonl'].map((name) => `recipes (1) [new]/${name}`);
    expect(find('b.jsonl', '*.jsonl')).toEqual(expected);
    expect(find('./a.jsonl')).toEqual(['recipes (1) [new]/a.jsonl']);
    expect(find(join(folder, 'a.jsonl'))).toEqual(['recipes (1) [new]/a.jsonl']);
  });

  it('starts $RUN at the run folder, whatever characters its name has', () => {
    expect(find('$RUN/raw/?.jsonl')).toEqual(['runs {a,b}/raw/a.jsonl', 'runs {a,b}/raw/b.jsonl']);
    expect(find('$RUN\\raw\\a.jsonl')).toEqual(['runs {a,b}/raw/a.jsonl']);
  });

  it('takes a name with special characters that exists as it is', () => {
    expect(find('[x].jsonl')).toEqual(['recipes (1) [new]/[x].jsonl']);
  });

  it('says which source names nothing or a folder', () => {
    expect(() => find('*.txt')).toThrow('source "text": *.txt matches no file');
    expect(() => find('$RUNNING/a.jsonl')).toThrow('matches no file');
    expect(() => find('$RUN/raw')).toThrow('source "text": $RUN/raw is a folder; name its files');
  });
});
