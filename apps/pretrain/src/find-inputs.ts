import { existsSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { escapePath, globSync } from 'tinyglobby';
import { PretrainError } from './pretrain-error.ts';
import type { StepContext } from './step.ts';

const RUN_PREFIX = /^\$RUN(?=[/\\]|$)/;

/**
 * The files of a source, in a fixed order. Relative paths start at the recipe, `$RUN` is the run folder.
 *
 * @throws PretrainError `INPUT_NOT_FOUND`
 */
export function findInputs(context: Pick<StepContext, 'recipe' | 'folder' | 'runFolder'>, source: string): string[] {
  const found = context.recipe.sources[source].paths.flatMap((path) => {
    const files = filesMatching(path, context);
    const { literal } = resolvePath(path, context);
    const name = `source "${source}": ${path}`;
    if (files.length === 0) {
      throw new PretrainError(
        'INPUT_NOT_FOUND',
        `${name} matches no file (looked for ${literal}); correct the path in the recipe`,
      );
    }
    if (statSync(files[0]).isDirectory()) {
      throw new PretrainError(
        'INPUT_NOT_FOUND',
        `${name} is a folder; name its files, such as ${join(path, '*.jsonl.gz')}`,
      );
    }
    return files;
  });
  return [...new Set(found)];
}

/** The files that one path of a recipe stands for. A name with special characters that exists is that file, not a pattern. */
export function filesMatching(path: string, place: { folder: string; runFolder: string }): string[] {
  const { literal, pattern } = resolvePath(path, place);
  return existsSync(literal) ? [literal] : globSync(pattern, { absolute: true }).sort();
}

/** A path of a recipe, absolute: as the name of a file, and as a pattern in which only what the recipe says is special. */
export function resolvePath(
  path: string,
  { folder, runFolder }: { folder: string; runFolder: string },
): { literal: string; pattern: string } {
  const isRunPath = RUN_PREFIX.test(path);
  const rest = path.replace(RUN_PREFIX, '').replaceAll('\\', '/');
  if (!isRunPath && isAbsolute(path)) return { literal: path, pattern: rest };
  const base = isRunPath ? runFolder : folder;
  const escaped = escapePath(base.replaceAll('\\', '/'));
  return { literal: join(base, rest), pattern: `${escaped}/${rest.replace(/^(\.?\/)+/, '')}` };
}
