import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, layers, packages, pretrain, type Room } from './rooms.ts';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
const rooms: [section: string, room: Room][] = [
  ...packages.map((room) => [`packages/${room.name}`, room] as [string, Room]),
  ['apps/pretrain', pretrain],
];

/** What stands under `### NAME`, up to the next heading. */
function sectionOf(name: string): string {
  const [, ...sections] = text.split(/^#{2,3} /m);
  const found = sections.filter((section) => section.startsWith(`${name}\n`));
  expect(found, `sections called "${name}"`).toHaveLength(1);
  return found[0];
}

/** The files that a section's table names: the first column, in backticks. */
const filesNamedIn = (name: string): string[] =>
  [...sectionOf(name).matchAll(/^\| `([^`]+)` \| /gm)].map((match) => match[1]);

/** What must be explained: everything that was written by hand and is no test, fixture or configuration. */
const explained = /^(src|assembly|scripts|bench|tests)\/.*\.(ts|mjs|py|wat)$/;
const sourcesOf = (folder: string): string[] =>
  ['src', 'assembly', 'scripts', 'bench', 'tests']
    .flatMap((part) => filesUnder(join(folder, part), /./))
    .map((file) => relative(folder, file).replaceAll('\\', '/'))
    .filter((path) => explained.test(path) && !/\.test\.ts$|\.fixture\.ts$|(^|\/)fixtures\//.test(path));

function expectToExplain(name: string, folder: string, required: string[]): void {
  const named = filesNamedIn(name);
  expect(named, 'a file is explained once').toEqual([...new Set(named)]);
  expect(
    named.filter((path) => !existsSync(join(folder, path))),
    'every file that is explained is there',
  ).toEqual([]);
  expect(
    required.filter((path) => !named.includes(path)),
    'every file that is there is explained',
  ).toEqual([]);
}

describe('ARCHITECTURE.md', () => {
  it('goes through the rooms from top to bottom', () => {
    const headings = [...text.matchAll(/^### (?:packages|apps)\/(.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([...layers, 'pretrain']);
  });

  it('draws an arrow for each import of one room by another, and no other', () => {
    const drawn = [...text.matchAll(/^ *([\w-]+) --> ([\w-]+(?: & [\w-]+)*)$/gm)].flatMap(([, from, to]) =>
      to.split(' & ').map((name) => `${from} → ${name}`),
    );
    const real = rooms.flatMap(([, { name, manifest }]) =>
      Object.keys(manifest.dependencies ?? {})
        .filter((dependency) => dependency.startsWith('@smol/'))
        .map((dependency) => `${name} → ${dependency.replace('@smol/', '')}`),
    );
    expect(drawn.sort()).toEqual(real.sort());
  });

  it.each(rooms)('says in a line what each file of %s is for', (section, room) => {
    expectToExplain(section, room.folder, sourcesOf(room.folder));
  });

  it('says in a line what each script and test of the root is for', () => {
    const tests = filesUnder(join(root, 'tests'), /\.ts$/).map((file) => `tests/${relative(join(root, 'tests'), file)}`);
    const scripts = filesUnder(join(root, 'scripts'), /\.(ts|mjs)$/);
    expectToExplain('The root', root, [...tests, ...scripts.map((file) => relative(root, file))]);
  });
});
