import { createHash } from 'node:crypto';
import { PipelineError } from './pipeline-error.ts';

/**
 * JSON with sorted keys: equal values give equal texts.
 *
 * @throws PipelineError INVALID_ARGUMENT for what JSON cannot hold (functions, maps, dates, NaN, …), naming where it is
 */
export function canonicalJson(value: unknown, path = 'options'): string {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value))
    return `[${value.map((item, index) => canonicalJson(item, `${path}[${index}]`)).join(',')}]`;
  if (typeof value === 'object' && isPlain(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    const sorted = entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, `${path}.${key}`)}`).join(',')}}`;
  }
  throw new PipelineError(
    'INVALID_ARGUMENT',
    `${path} must be plain data (null, booleans, finite numbers, strings, arrays, objects), got ${Object.prototype.toString.call(value)}`,
  );
}

/** A key for a value: the first 32 hex digits of the SHA-256 of its canonical JSON. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
