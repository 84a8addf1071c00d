import { DedupError } from './dedup-error.ts';
import { exactKeyOf } from './exact-deduplicator.ts';
import type { RecordDocument } from './record-sorter.ts';

/** What of a record decisions are made by; plain data. */
export interface FilterKeys {
  /** what must be the same: the text in some form … */
  key: 'text' | 'compact' | 'normalized';
  /** … or a field */
  field?: string;
  /** the field with a number for what a document is worth beside others with the same key */
  priority?: string;
  /** the field with a list of token ids, in place of the text */
  tokenKey?: string;
}

/** The string that must be the same; `null` where the record has none. */
export function keyOf({ key, field }: FilterKeys, document: RecordDocument): string | null {
  if (field === undefined) return exactKeyOf(key, document);
  const value = document.field(field) ?? null;
  return value === null ? null : String(value);
}

/**
 * What a document is worth: a number of its record, 0 where there is none.
 *
 * @throws DedupError `INVALID_RECORD`
 */
export function priorityOf({ priority }: FilterKeys, document: RecordDocument): number {
  if (priority === undefined) return 0;
  const given = document.field(priority) ?? 0;
  const value = Number(given);
  if (Number.isFinite(value)) return value;
  throw new DedupError(
    'INVALID_RECORD',
    `${document.id}: "${priority}" must be a number, got ${JSON.stringify(given)}`,
  );
}

/**
 * The token ids of a record; what holds other numbers is refused, as cutting it would be wrong.
 *
 * @throws DedupError `INVALID_RECORD`
 */
export function tokensOf(tokenKey: string, document: RecordDocument): Uint32Array {
  const value = document.field(tokenKey) ?? [];
  const isToken = (id: unknown) => Number.isInteger(Number(id)) && Number(id) >= 0 && Number(id) < 2 ** 32;
  if (Array.isArray(value) && value.every(isToken)) return Uint32Array.from(value, Number);
  throw new DedupError('INVALID_RECORD', `${document.id}: "${tokenKey}" must be a list of token ids`);
}
