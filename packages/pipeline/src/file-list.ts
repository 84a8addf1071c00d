import { localFiles } from './local-storage.ts';
import { PipelineError } from './pipeline-error.ts';
import { isRemote, storageOf } from './storage.ts';
import type { Storage, StoredObject } from './storage.ts';

/** Which files are meant by a folder. */
export interface FileListOptions {
  /** Ends of names, in small letters (`.html`). Default: every file. */
  extensions?: readonly string[];
  /** Whether files in folders below are meant too. Default true. */
  recursive?: boolean;
  storage?: Storage;
}

/** The files below a folder or prefix, or the one file that the address names; in the order of their addresses. Hidden ones are left out. */
export async function listFiles(address: string, options: FileListOptions = {}): Promise<StoredObject[]> {
  const storage = options.storage ?? (await storageOf(address));
  const folder = address.endsWith('/') ? address : `${address}/`;
  const file = isRemote(address) || options.storage ? await storage.describe(address) : await plainFile(address);
  if (file) return [file];
  const all = await storage.list(folder);
  return all.filter(({ address: found }) => isMeant(found.slice(folder.length), options));
}

function isMeant(name: string, { extensions, recursive = true }: FileListOptions): boolean {
  if (name.split('/').some((part) => part.startsWith('.'))) return false;
  if (!recursive && name.includes('/')) return false;
  return extensions === undefined || extensions.some((end) => name.toLowerCase().endsWith(end));
}

/** A file of this machine; `undefined` for folders. */
async function plainFile(path: string): Promise<StoredObject | undefined> {
  const { stat } = await import('node:fs/promises');
  const status = await stat(path).catch(() => undefined);
  return status?.isDirectory() ? undefined : localFiles.describe(path);
}

/**
 * The files that patterns mean, each once, in the order of their addresses: files, folders (all below), `s3://`
 * prefixes, and globs with `*`, `**`, `?` and `{a,b}`.
 *
 * @throws PipelineError FILE_NOT_FOUND for a pattern that means nothing
 */
export async function listInputs(patterns: readonly string[], options: FileListOptions = {}): Promise<string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    const files = await filesOf(pattern, options);
    if (files.length === 0) throw new PipelineError('FILE_NOT_FOUND', `no file matches ${pattern}`);
    for (const { address } of files) found.add(address);
  }
  return [...found].sort();
}

async function filesOf(pattern: string, options: FileListOptions): Promise<StoredObject[]> {
  const wild = pattern.search(/[*?{]/);
  if (wild === -1) return listFiles(pattern, options);
  const base = pattern.slice(0, pattern.lastIndexOf('/', wild) + 1);
  const matcher = globPattern(pattern);
  const files = await listFiles(base === '' ? './' : base, options);
  return files.filter(({ address }) => matcher.test(base === '' ? address.replace(/^\.\//, '') : address));
}

/** A glob as a regular expression: `**` crosses folders, `*` and `?` do not. */
function globPattern(glob: string): RegExp {
  const parts = glob.replace(/^\.\//, '').matchAll(/\*\*\/|\*\*|\*|\?|\{[^{}]*\}|[^*?{]+|\{/g);
  const source = [...parts].map(([part]) => {
    if (part === '**/') return '(?:[^/]+/)*';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    if (part.startsWith('{') && part.length > 1) return `(?:${part.slice(1, -1).split(',').map(escaped).join('|')})`;
    return escaped(part);
  });
  return new RegExp(`^(?:\\./)?${source.join('')}$`, 's');
}

const escaped = (text: string) => text.replaceAll(/[.+^${}()|[\]\\*?]/g, '\\$&');
