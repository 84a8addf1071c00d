import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packages, pretrain, type Room } from './rooms.ts';

// Every package as its users get it: packed, installed by plain npm into an empty folder, its README's first example run there.

const root = join(import.meta.dirname, '..');
const tool = (name: string) => join(root, 'node_modules/.bin', name);
const rooms = [...packages, pretrain];
const folder = mkdtempSync(join(tmpdir(), 'smol-pack-'));
const tarballs = join(folder, 'tarballs');
const project = join(folder, 'project');

const tarball = ({ manifest }: Room) =>
  join(tarballs, `${manifest.name.slice(1).replace('/', '-')}-${manifest.version}.tgz`);

/** The first ts block of a README and the text block after it: what to run, and what it must print. */
function firstExample(room: Room): { code: string; output: string } {
  const readme = readFileSync(join(room.folder, 'README.md'), 'utf8');
  const match = /```ts\n(.*?)```\s*(?:[^\n`]*\n\s*)?```text\n(.*?)```/s.exec(readme);
  if (match === null) throw new Error(`${room.manifest.name}: README has no ts example followed by its output`);
  return { code: match[1], output: match[2].trim() };
}

function run(command: string, parameters: string[], cwd: string): string {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} exited with ${status}\n${stdout}\n${stderr}`);
  return stdout.trim();
}

beforeAll(() => {
  mkdirSync(tarballs);
  mkdirSync(project);
  // pnpm pack is npm pack that also turns workspace: ranges into versions.
  for (const room of rooms) run(tool('pnpm'), ['pack', '--pack-destination', tarballs], room.folder);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }));
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...rooms.map(tarball)], project);
  const types = JSON.parse(readFileSync(join(root, 'node_modules/@types/node/package.json'), 'utf8')) as {
    version: string;
  };
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `@types/node@${types.version}`], project);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(rooms.map((room) => [room.manifest.name, room] as const))('%s, packed', { tags: ['slow'] }, (_, room) => {
  it('holds no test, fixture or workspace range', () => {
    const listing = execFileSync('tar', ['tzf', tarball(room)], { encoding: 'utf8' }).split('\n');
    expect(listing.filter((path) => /\.test\.|\/fixtures\//.test(path))).toEqual([]);
    const manifest = execFileSync('tar', ['xzOf', tarball(room), 'package/package.json'], { encoding: 'utf8' });
    expect(manifest).not.toContain('workspace:');
  });

  it('passes publint', () => {
    expect(run(tool('publint'), ['--strict', tarball(room)], root)).toContain('All good!');
  });

  it('has types that resolve (attw, ESM only)', () => {
    expect(run(tool('attw'), ['--profile', 'esm-only', '--no-emoji', tarball(room)], root)).toContain('@smol/');
  });

  it("runs its README's first example as ESM", () => {
    const { code, output } = firstExample(room);
    const file = join(project, `${room.name}.mjs`);
    writeFileSync(file, code);
    expect(run(process.execPath, [file], project)).toBe(output);
  }, 120_000);

  it("runs its README's first example from TypeScript", () => {
    const { code, output } = firstExample(room);
    const file = join(project, `${room.name}-example.ts`);
    writeFileSync(file, code);
    const options = ['--module', 'nodenext', '--target', 'es2022', '--strict', '--skipLibCheck', '--types', 'node'];
    run(tool('tsc'), [...options, '--outDir', join(project, 'compiled'), '--rootDir', project, file], project);
    expect(run(process.execPath, [join(project, 'compiled', `${room.name}-example.js`)], project)).toBe(output);
  }, 120_000);
});

describe('the packed set', { tags: ['slow'] }, () => {
  it('has one tarball a package', () => {
    expect(readdirSync(tarballs)).toHaveLength(rooms.length);
  });
});
