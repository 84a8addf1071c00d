import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder } from './rooms.ts';

const root = resolve(import.meta.dirname, '..');
const pages = filesUnder(root, /\.md$/).filter((file) => !/\/(\.changeset|runs)\//.test(file));

/** GitHub's anchor for a heading. */
const anchor = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

describe.each(pages.map((file) => relative(root, file)))('%s', (page) => {
  it('links only to what is there', () => {
    const file = join(root, page);
    const text = readFileSync(file, 'utf8').replace(/```.*?```/gs, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]);
    const broken = targets.filter((target) => {
      if (/^[a-z]+:/.test(target)) return false;
      const [path, fragment] = target.split('#');
      const destination = path === '' ? file : resolve(dirname(file), path);
      if (!existsSync(destination)) return true;
      if (fragment === undefined || !destination.endsWith('.md')) return false;
      const headings = [...readFileSync(destination, 'utf8').matchAll(/^#+ (.*)$/gm)].map((match) => anchor(match[1]));
      return !headings.includes(fragment);
    });
    expect(broken).toEqual([]);
  });
});
