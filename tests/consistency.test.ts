import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  browserRooms,
  filesUnder,
  importsOf,
  layers,
  packageOf,
  packages,
  pretrain,
  reachableFrom,
  type Room,
} from './rooms.ts';

const root = join(import.meta.dirname, '..');
const isTest = (file: string) => /\.test\.ts$|\/fixtures\//.test(file);
/** What users run: the sources, and those scripts that are published with them. */
const sources = (room: Room) => [
  ...filesUnder(join(room.folder, 'src'), /\.ts$/).filter((file) => !isTest(file)),
  ...(room.manifest.files ?? [])
    .filter((path) => /^scripts\/.*\.mjs$/.test(path))
    .map((path) => join(room.folder, path)),
];
const supporting = (room: Room) => [
  ...filesUnder(join(room.folder, 'src'), /\.(ts|mjs)$/).filter(isTest),
  ...filesUnder(join(room.folder, 'bench'), /\.(ts|mjs)$/),
  ...filesUnder(join(room.folder, 'scripts'), /\.(ts|mjs)$/),
];
const imported = (files: string[]) =>
  new Set(
    files
      .flatMap(importsOf)
      .map(packageOf)
      .filter((name) => name !== undefined),
  );
const rootTools = Object.keys(
  (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { devDependencies: object }).devDependencies,
);

describe('the workspace', () => {
  it('knows every package', () => {
    expect(packages.map((room) => room.name).sort()).toEqual([...layers].sort());
  });
});

describe.each([...packages, pretrain].map((room) => [room.manifest.name, room] as const))('%s', (_, room) => {
  const { manifest } = room;
  const runtime = { ...manifest.dependencies, ...manifest.peerDependencies };

  it('has a README that starts with an example, tests and a benchmark', () => {
    const readme = readFileSync(join(room.folder, 'README.md'), 'utf8');
    expect(readme).toContain(`# ${manifest.name}`);
    expect(readme).toMatch(/```(ts|sh|bash)\n/);
    expect(filesUnder(join(room.folder, 'src'), /\.test\.ts$/)).not.toEqual([]);
    expect(filesUnder(join(room.folder, 'bench'), /\.bench\.ts$/)).not.toEqual([]);
  });

  it('is published the same way as all others', () => {
    expect(manifest).toMatchObject({
      name: `@smol/${room.name}`,
      license: 'Apache-2.0',
      type: 'module',
      engines: { node: '>=20.19' },
      publishConfig: { access: 'public', provenance: true },
    });
    expect(manifest.description).toMatch(/^[A-Z].*\.$/);
    expect(manifest.files).toEqual(expect.arrayContaining(['dist', 'src', '!src/**/*.test.ts', 'CHANGELOG.md']));
  });

  it('exports sources, types and JavaScript, in this order', () => {
    const { '.': main, './package.json': self, ...others } = manifest.exports;
    expect(main).toBeDefined();
    expect(self).toBe('./package.json');
    for (const [subpath, conditions] of Object.entries({ '.': main, ...others })) {
      const entry = subpath === '.' ? 'index' : subpath.slice(2);
      expect(Object.entries(conditions)).toEqual([
        ['@smol/source', `./src/${entry}.ts`],
        ['types', `./dist/${entry}.d.ts`],
        ['default', `./dist/${entry}.js`],
      ]);
      expect(existsSync(join(room.folder, `src/${entry}.ts`))).toBe(true);
    }
    const commands = Object.values(manifest.bin ?? {});
    for (const file of commands) {
      expect(existsSync(join(room.folder, file.replace('dist', 'src').replace(/js$/, 'ts')))).toBe(true);
    }
  });

  it('declares every dependency it imports, and imports every dependency it declares', () => {
    const used = imported(sources(room));
    used.delete(manifest.name);
    expect([...used].filter((name) => !(name in runtime))).toEqual([]);
    const text = sources(room)
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    // Some are named at run time: by a string, or by a scope and a variable (`@tesseract.js-data/${language}`).
    const isNamed = (name: string) => text.includes(name) || text.includes(`${name.split('/')[0]}/\${`);
    expect(Object.keys(runtime).filter((name) => !used.has(name) && !isNamed(name))).toEqual([]);
  });

  it('declares every development dependency its tests import, and no other', () => {
    const used = imported(supporting(room));
    used.delete(manifest.name);
    const known = [...Object.keys({ ...runtime, ...manifest.devDependencies }), ...rootTools];
    expect([...used].filter((name) => !known.includes(name))).toEqual([]);
    // Oracles in Python read what some of them install.
    const oracles = filesUnder(join(room.folder, 'scripts'), /\.py$/);
    const text = [...supporting(room), ...sources(room), ...oracles]
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const needed = Object.keys(manifest.devDependencies ?? {}).map((name) => name.replace('@types/', ''));
    expect(needed.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('gives the reason for each runtime dependency in its README', () => {
    const readme = readFileSync(join(room.folder, 'README.md'), 'utf8');
    const section = readme.split(/^## Dependencies$/m)[1] ?? '';
    const external = Object.keys(runtime).filter((name) => !name.startsWith('@smol/'));
    expect(external.filter((name) => !section.includes(name))).toEqual([]);
  });

  it('has a changeset for what is not released yet', () => {
    const announced = readdirSync(join(root, '.changeset'))
      .filter((file) => file.endsWith('.md') && file !== 'README.md')
      .some((file) => readFileSync(join(root, '.changeset', file), 'utf8').includes(`'${manifest.name}':`));
    expect(announced || !hasUnreleasedChanges(room)).toBe(true);
  });
});

describe.each(packages.map((room) => [room.manifest.name, room] as const))('%s', (_, room) => {
  it('imports only from rooms above it', () => {
    const allowed = layers.slice(0, layers.indexOf(room.name) + 1).map((name) => `@smol/${name}`);
    const inner = [...imported(sources(room))].filter((name) => name.startsWith('@smol/'));
    expect(inner.filter((name) => !allowed.includes(name))).toEqual([]);
  });
});

describe.each(browserRooms)('@smol/%s', (name) => {
  it('reaches nothing of Node from its main entry', () => {
    const room = packages.find((candidate) => candidate.name === name);
    const files = [...reachableFrom(join(room!.folder, 'src/index.ts'))];
    const guilty = files.filter((file) => importsOf(file).some((specifier) => specifier.startsWith('node:')));
    expect(guilty.map((file) => relative(root, file))).toEqual([]);
  });
});

/** True when the sources differ from those of the last version (`changeset version` writes CHANGELOG.md). */
function hasUnreleasedChanges(room: Room): boolean {
  const git = (...parameters: string[]) => execFileSync('git', parameters, { cwd: root, encoding: 'utf8' }).trim();
  const changelog = relative(root, join(room.folder, 'CHANGELOG.md'));
  const release = existsSync(join(root, changelog)) ? git('log', '-1', '--format=%H', '--', changelog) : '';
  if (release === '') return true;
  return git('diff', '--name-only', release, '--', relative(root, join(room.folder, 'src'))) !== '';
}
