import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, resolve } from 'node:path';

/** The rooms of the house from top to bottom: a package imports only from packages before it. See ARCHITECTURE.md. */
export const layers = [
  'random',
  'web',
  'pdf',
  'quality',
  'dedup',
  'pipeline',
  'tokenizer',
  'dataset',
  'ops',
  'engine',
  'weights',
  'model',
  'optim-muon',
  'distill',
  'mtp',
  'train',
];

/** Packages whose main entry must run in a browser: nothing of Node may be reachable from src/index.ts. */
export const browserRooms = ['random', 'tokenizer', 'ops', 'weights', 'model', 'optim-muon', 'distill', 'mtp'];

export interface Manifest {
  name: string;
  version: string;
  description: string;
  license: string;
  type: string;
  files: string[];
  engines: { node: string };
  bin?: Record<string, string>;
  exports: Record<string, string | Record<string, string>>;
  dependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

export interface Room {
  name: string;
  folder: string;
  manifest: Manifest;
}

const root = resolve(import.meta.dirname, '..');

export function readRoom(path: string): Room {
  const folder = join(root, path);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  return { name: path.split('/')[1], folder, manifest };
}

export const packages: Room[] = readdirSync(join(root, 'packages'))
  .filter((name) => existsSync(join(root, 'packages', name, 'package.json')))
  .map((name) => readRoom(`packages/${name}`));

export const pretrain: Room = readRoom('apps/pretrain');

/** All files under a folder whose path matches, as absolute paths in a fixed order; build output and dependencies left out. */
export function filesUnder(folder: string, matches: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => matches.test(path) && !/(^|\/)(node_modules|dist)\//.test(path))
    .sort()
    .map((path) => join(folder, path));
}

/** The module specifiers a TypeScript or JavaScript file imports, re-exports or loads on use. */
export function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8').replace(/^\s*(\*|\/\/|\/\*).*$/gm, '');
  const specifiers = [
    ...source.matchAll(/\b(?:from|import)\s+['"]([^'"\n]+)['"]/g),
    ...source.matchAll(/\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g),
    ...source.matchAll(/\brequire(?:\.resolve)?\(\s*['"]([^'"\n]+)['"]\s*\)/g),
    ...source.matchAll(/\bimport\.meta\.resolve\(\s*['"]([^'"\n]+)['"]\s*\)/g),
  ];
  return specifiers.map((match) => match[1]);
}

/** `@scope/name/sub/path` → `@scope/name`; undefined for relative files and Node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (!/^[@a-z]/i.test(specifier) || specifier.startsWith('node:') || builtinModules.includes(specifier))
    return undefined;
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

/** All source files reachable from an entry through relative imports. */
export function reachableFrom(entry: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(entry) || !existsSync(entry)) return seen;
  seen.add(entry);
  for (const specifier of importsOf(entry)) {
    if (specifier.startsWith('.')) reachableFrom(resolve(dirname(entry), specifier), seen);
  }
  return seen;
}
