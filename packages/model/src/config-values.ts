/** Reads single fields of `config.json`, and refuses them by name. */
import { ModelError } from './model-error.ts';

/** A parsed `config.json`, or a part of it. */
export type Json = Record<string, unknown>;

/** A value as it stands in the file, shortened. */
export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Says that a field has a wrong value. */
export function invalid(field: string, expected: string, value: unknown): never {
  throw new ModelError('INVALID_CONFIG', `config.json: ${field} must be ${expected}, got ${show(value)}`);
}

/** Says that a field has a value that is not implemented. */
export function unsupported(field: string, value: unknown, advice: string): never {
  throw new ModelError('UNSUPPORTED_CONFIG', `config.json: ${field} = ${show(value)} is not supported; ${advice}`);
}

/** The integer in the field, or the default; without a default the field is required. */
export function positiveInteger(json: Json, field: string, fallback?: number, largest = 2 ** 31 - 1): number {
  const value = json[field] ?? fallback;
  if (!Number.isInteger(value) || (value as number) < 1) invalid(field, 'a positive integer', value);
  return (value as number) <= largest ? (value as number) : invalid(field, `at most ${largest}`, value);
}

/** The positive number in the field, or the default. */
export function positiveNumber(json: Json, field: string, fallback?: number): number {
  const value = json[field] ?? fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
  return invalid(field, 'a positive number', value);
}

/** The truth value in the field, or the default. */
export function boolean(json: Json, field: string, fallback: boolean): boolean {
  const value = json[field] ?? fallback;
  return typeof value === 'boolean' ? value : invalid(field, 'true or false', value);
}

/** The positive number in the field, or null when it is absent. */
export function optionalNumber(json: Json, field: string): number | null {
  return json[field] == null ? null : positiveNumber(json, field);
}
