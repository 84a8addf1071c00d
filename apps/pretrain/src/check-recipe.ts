import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { z, ZodError, ZodType } from 'zod';
import { PretrainError } from './pretrain-error.ts';

/** Something that a recipe cannot be used with, and the key that it is about. */
export interface Problem {
  at: readonly PropertyKey[];
  message: string;
}

/**
 * The text of a recipe.
 *
 * @throws PretrainError `RECIPE_NOT_FOUND`
 */
export function readRecipe(absolute: string, path: string): string {
  try {
    return readFileSync(absolute, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: 'does not exist',
      EISDIR: 'is a folder; name the .yaml file in it',
    };
    throw new PretrainError(
      'RECIPE_NOT_FOUND',
      `recipe ${path} ${reasons[code ?? ''] ?? `cannot be read: ${message}`}`,
      { cause },
    );
  }
}

/**
 * Parses a recipe and holds it to a schema and to what a schema cannot say; `name` is what messages call it.
 *
 * @throws PretrainError `RECIPE_INVALID` with file, line and what was expected
 */
export function checkRecipe<Schema extends ZodType>(
  text: string,
  name: string,
  schema: Schema,
  problemsOf: (recipe: z.infer<Schema>) => Problem[] = () => [],
): z.infer<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  if (document.errors.length > 0) {
    throw new PretrainError('RECIPE_INVALID', `${name} is not valid YAML: ${document.errors[0].message}`);
  }
  const lineOf = (keys: readonly PropertyKey[]): number => {
    const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
    return node?.range ? lines.linePos(node.range[0]).line : keys.length > 0 ? lineOf(keys.slice(0, -1)) : 1;
  };
  const result = schema.safeParse(toPlain(document, name));
  const problems = result.success ? problemsOf(result.data) : schemaProblems(result.error);
  if (result.success && problems.length === 0) return result.data;
  const explained = problems.map(({ at, message }) => `  line ${lineOf(at)}: ${message}`);
  throw new PretrainError('RECIPE_INVALID', `recipe ${name} cannot be used:\n${explained.join('\n')}`);
}

/** Aliases may be missing, or so many that they are an attack. */
function toPlain(document: Document, name: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    throw new PretrainError('RECIPE_INVALID', `${name} is not valid YAML: ${(cause as Error).message}`, { cause });
  }
}

/** Wrong types and ranges, and unknown keys. */
function schemaProblems(error: ZodError): Problem[] {
  return error.issues.map((issue) => {
    const at = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]] : issue.path;
    const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
    return { at, message: `${where}${issue.message}` };
  });
}
