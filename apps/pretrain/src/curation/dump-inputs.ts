import { statSync } from 'node:fs';
import { PretrainError } from '../pretrain-error.ts';
import { filesMatching, resolvePath } from '../find-inputs.ts';
import type { Curation } from './curation-schema.ts';

/** Files of a crawl. */
export interface Dump {
  name: string;
  inputs: string[];
}

/** What the command line names in place of the recipe's files. */
export interface DumpOverride {
  /** Files or globs, relative to the working folder. */
  paths: readonly string[];
  /** Default: the first crawl of the recipe. */
  dump?: string;
}

/**
 * The crawls of a recipe with their files in a fixed order, or the one that the command line names.
 *
 * @param folder where the recipe's relative paths start
 * @throws PretrainError `INPUT_NOT_FOUND`
 */
export function findDumps(curation: Curation, folder: string, override?: DumpOverride): Dump[] {
  if (override !== undefined && override.paths.length > 0) {
    const name = override.dump ?? Object.keys(curation.dumps)[0];
    return [{ name, inputs: findFiles(override.paths, process.cwd(), name, curation.kind) }];
  }
  return Object.entries(curation.dumps).map(([name, paths]) => {
    return { name, inputs: findFiles(paths, folder, name, curation.kind) };
  });
}

function findFiles(paths: readonly string[], folder: string, dump: string, kind: Curation['kind']): string[] {
  const place = { folder, runFolder: folder };
  const found = paths.flatMap((path) => {
    const files = filesMatching(path, place);
    if (files.length === 0) {
      const { literal } = resolvePath(path, place);
      throw notFound(
        `${dump}: ${path} matches no file (looked for ${literal}); correct it in dumps, or name files on the command line`,
      );
    }
    const directory = kind === 'web' ? files.find((file) => statSync(file).isDirectory()) : undefined;
    if (directory !== undefined)
      throw notFound(`${dump}: ${directory} is a folder; name its files, such as ${path}/*.warc.gz`);
    return files;
  });
  return [...new Set(found)];
}

function notFound(message: string): PretrainError {
  return new PretrainError('INPUT_NOT_FOUND', message);
}
