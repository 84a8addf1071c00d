import { QualityError } from './quality-error.ts';

/**
 * Lays given options over defaults. An option left out or undefined takes its default; one that is unknown, NaN or of
 * another type is refused, since it would switch a rule off unnoticed.
 *
 * @throws QualityError `INVALID_OPTION`
 */
export function withDefaults<T extends object>(defaults: T, given: Partial<T>): T {
  const resolved = { ...defaults } as Record<string, unknown>;
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    checkOption(name, value, resolved);
    resolved[name] = value;
  }
  return resolved as T;
}

function checkOption(name: string, value: unknown, defaults: Record<string, unknown>): void {
  if (!(name in defaults)) {
    throw new QualityError('INVALID_OPTION', `${name}: unknown option; known are ${Object.keys(defaults).join(', ')}`);
  }
  const example = defaults[name];
  if (typeof value === typeof example && Array.isArray(value) === Array.isArray(example) && !Number.isNaN(value))
    return;
  throw new QualityError(
    'INVALID_OPTION',
    `${name}: expected a value like ${JSON.stringify(example)}, got ${JSON.stringify(value) ?? String(value)}`,
  );
}
