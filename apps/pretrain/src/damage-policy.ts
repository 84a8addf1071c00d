import type { Drop } from '@smol/pipeline';
import type { WarcDamage } from '@smol/web';
import { PretrainError } from './pretrain-error.ts';

/** What becomes of records and files that cannot be read. */
export type DamagePolicy = 'stop' | 'skip';

/**
 * Counts what is damaged, or stops with what it is and where.
 *
 * @throws PretrainError `INPUT_DAMAGED` when the policy is to stop
 */
export function heedDamage(policy: DamagePolicy, reason: string, message: string, cause?: unknown): Drop {
  if (policy === 'skip') return { drop: reason, message };
  const advice = 'repair or remove it, or set onDamage to skip in the recipe to go on without it';
  throw new PretrainError('INPUT_DAMAGED', `${message}; ${advice}`, { cause });
}

/** The same for a record of a web archive. */
export function heedDamagedRecord(policy: DamagePolicy, { source, offset, reason }: WarcDamage): Drop {
  return heedDamage(policy, 'damaged_record', `the record at byte ${offset} of ${source} is damaged (${reason})`);
}
