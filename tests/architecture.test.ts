import { existsSync, readFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, layers, packages, pretrain } from './rooms.ts';

const root = resolve(import.meta.dirname, '..');
const text = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');

/** What stands under `### NAME`, up to the next heading; empty when there is no such heading, or more than one. */
function sectionOf(name: string): string {
  const sections = text.split(/^#{2,3} /m).filter((section) => section.startsWith(`${name}\n`));
  return sections.length === 1 ? sections[0] : '';
}

/** The files that a section's table explains: the first column, in backticks. */
const filesExplainedIn = (name: string): string[] =>
  [...sectionOf(name).matchAll(/^\| (`[^|]+`) \| /gm)].flatMap((row) =>
    [...row[1].matchAll(/`([^`]+)`/g)].map((match) => match[1]),
  );

/** What must be explained: all that was written by hand and is no test, fixture or configuration. */
const sourcesOf = (folder: string): string[] =>
  ['src', 'assembly', 'native', 'scripts', 'bench']
    .flatMap((part) => filesUnder(join(folder, part), /\.(ts|mjs|py|wat|h|cpp)$/))
    .map((file) => relative(folder, file).replaceAll('\\', '/'))
    .filter((path) => !/\.test\.ts$|\.fixture\.ts$|(^|\/)fixtures\//.test(path));

const testsOfRoot = filesUnder(join(root, 'tests'), /\.ts$/).map((file) => `tests/${basename(file)}`);

const sections: [name: string, folder: string, files: string[]][] = [
  ...packages.map(({ name, folder }): (typeof sections)[number] => [`packages/${name}`, folder, sourcesOf(folder)]),
  ['apps/pretrain', pretrain.folder, sourcesOf(pretrain.folder)],
  ['The root', root, [...sourcesOf(root), ...testsOfRoot]],
];

describe('ARCHITECTURE.md', () => {
  it('goes through the rooms from top to bottom', () => {
    const headings = [...text.matchAll(/^### (?:packages|apps)\/(.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([...layers, 'pretrain']);
  });

  it('draws an arrow for each import of one room by another, and no other', () => {
    const drawn = [...text.matchAll(/^ *([\w-]+) --> ([\w-]+(?: & [\w-]+)*)$/gm)].flatMap(([, from, to]) =>
      to.split(' & ').map((name) => `${from} → ${name}`),
    );
    const imports = [...packages, pretrain].flatMap(({ name, manifest }) =>
      Object.keys(manifest.dependencies ?? {})
        .filter((dependency) => dependency.startsWith('@smol/'))
        .map((dependency) => `${name} → ${dependency.replace('@smol/', '')}`),
    );
    expect(drawn.sort()).toEqual(imports.sort());
  });
});

describe.each(sections)('ARCHITECTURE.md on %s', (name, folder, files) => {
  const explained = filesExplainedIn(name);

  it('says in a line what each file is for', () => {
    expect(files.filter((path) => !explained.includes(path))).toEqual([]);
  });

  it('says it once', () => {
    expect(explained.filter((path, index) => explained.indexOf(path) !== index)).toEqual([]);
  });

  it('speaks of no file that is not there', () => {
    expect(explained.filter((path) => !existsSync(join(folder, path)))).toEqual([]);
  });
});
