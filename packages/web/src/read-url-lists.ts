import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { UrlFilterLists } from './url-filter.ts';
import { parseList } from './url-filter.ts';
import { WebError } from './web-error.ts';

type ListName = 'domains' | 'urls' | 'bannedWords' | 'bannedSubwords' | 'softBannedWords';

/** File names, with or without `.txt` and `.gz`: the first two are UT1's, the others datatrove's. */
const FILE_NAMES: Readonly<Record<string, ListName>> = {
  domains: 'domains',
  urls: 'urls',
  banned_words: 'bannedWords',
  banned_subwords: 'bannedSubwords',
  soft_banned_words: 'softBannedWords',
};

/**
 * The lists for a `UrlFilter` from files: one entry a line, `#` comments, `.gz` unpacked. A folder is searched, also one level down, for
 * files called `domains`, `urls` (the categories of UT1's blacklists unpack to these), `banned_words`, `banned_subwords` and
 * `soft_banned_words` (datatrove's); several of a kind add up.
 *
 * @param paths folders, or files with such names
 * @throws WebError `FILE_NOT_FOUND`; `INVALID_ARGUMENT` for a file of another name, or when no list was found
 */
export function readUrlLists(...paths: string[]): UrlFilterLists {
  const lists: Partial<Record<ListName, string[]>> = {};
  for (const path of paths.flatMap((given) => listFiles(given))) {
    const name = listName(path);
    if (!name)
      throw new WebError(
        'INVALID_ARGUMENT',
        `${path}: expected one of ${Object.keys(FILE_NAMES).join(', ')} (.txt, .gz)`,
      );
    const entries = (lists[name] ??= []);
    // No spread: blacklists hold millions of lines.
    for (const entry of parseList(readText(path))) entries.push(entry);
  }
  if (Object.keys(lists).length > 0) return lists;
  throw new WebError(
    'INVALID_ARGUMENT',
    `${paths.join(', ') || 'no path'}: found no list; expected files called ${Object.keys(FILE_NAMES).join(', ')}`,
  );
}

/** The file itself, or the lists in a folder and in the folders in it, by name. */
function listFiles(path: string, depth = 0): string[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) throw new WebError('FILE_NOT_FOUND', `no such file: ${path}; check the path`);
  if (stats.isFile()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => {
      const inside = join(path, name);
      if (statSync(inside).isDirectory()) return depth < 1 ? listFiles(inside, depth + 1) : [];
      return listName(inside) ? [inside] : [];
    });
}

function listName(path: string): ListName | undefined {
  const name = (path.split(/[\\/]/).at(-1) ?? '').replace(/\.gz$/, '').replace(/\.txt$/, '');
  return Object.hasOwn(FILE_NAMES, name) ? FILE_NAMES[name] : undefined;
}

function readText(path: string): string {
  const bytes = readFileSync(path);
  try {
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    throw new WebError('UNREADABLE_FILE', `${path} cannot be unpacked: ${(cause as Error).message}`, { cause });
  }
}
