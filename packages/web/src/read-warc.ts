import { setImmediate } from 'node:timers/promises';
import { ByteSource } from './byte-source.ts';
import type { ByteInput } from './open-bytes.ts';
import { nameOfInput, openBytes } from './open-bytes.ts';
import { Damage, readNextRecords, skipLineEnds } from './read-warc-record.ts';
import type { WarcDamageReason } from './read-warc-record.ts';
import { resynchronise } from './resynchronise.ts';
import type { WarcRecord } from './warc-record.ts';
import { WebError } from './web-error.ts';

/** zlib frees what it holds on the next tick, which a stream from memory would put off to the very end: let ticks happen. */
const BYTES_PER_TURN = 1 << 23;

/** A stretch of a WARC file that was skipped. */
export interface WarcDamage {
  source: string;
  /** Byte position in the file where the unreadable record or gzip member begins. */
  offset: number;
  reason: WarcDamageReason;
}

/** How `readWarc` treats damage and size. */
export interface ReadWarcOptions {
  /** Called for every skipped stretch. Without it the first damage throws `DAMAGED_WARC`. */
  onDamage?: (damage: WarcDamage) => void;
  /** Unpacked bytes a record (or gzip member) may have; larger ones are skipped as `too_large`. Default 64 MiB. */
  maximumRecordBytes?: number;
  /**
   * Only the records that begin in [start, end), for splitting one file among workers: every record of an undamaged file with a
   * gzip member a record is in exactly one range, wherever the cuts are. In a plain file a line of a page that begins with
   * `WARC/1.` may be taken for a record's start when the cut is before it. Needs a path or a `file:` URL.
   */
  range?: { start: number; end?: number };
  /** The name that records and damages carry as `source`. Default: the path, or `stream`. */
  source?: string;
}

/**
 * Reads the records of a WARC/1.0 or 1.1 file, plain or gzip (one member a record, as ISO 28500 recommends; a member may
 * also hold several), holding one member at a time. After damage it goes on at the next thing that looks like a record.
 *
 * @throws WebError `INVALID_ARGUMENT` for a range that is none; `FILE_NOT_FOUND`, `UNREADABLE_FILE`; `UNSUPPORTED` for zstd; `DAMAGED_WARC` at the first damage when `onDamage` is not given
 */
export async function* readWarc(input: ByteInput, options: ReadWarcOptions = {}): AsyncGenerator<WarcRecord> {
  const { maximumRecordBytes = 64 * 2 ** 20, source: name = nameOfInput(input) } = options;
  const { start, end } = checkRange(input, options.range);
  const source = new ByteSource(openBytes(input, start), start);
  let failures = 0;
  let bytesSinceTurn = 0;
  try {
    if (start > 0) await resynchronise(source, 0);
    while (await skipLineEnds(source)) {
      const { offset } = source;
      if (offset >= end) return;
      try {
        for await (const record of readNextRecords(source, name, maximumRecordBytes)) {
          yield record;
          bytesSinceTurn += record.block.length;
        }
        failures = 0;
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        report({ source: name, offset, reason: error.reason }, options.onDamage);
        if (source.offset === offset) await resynchronise(source, 2 ** Math.min(failures++, 20));
      }
      if (bytesSinceTurn >= BYTES_PER_TURN) bytesSinceTurn = await setImmediate(0);
    }
  } finally {
    await source.close();
  }
}

function checkRange(input: ByteInput, range: ReadWarcOptions['range'] = { start: 0 }): { start: number; end: number } {
  const { start, end = Infinity } = range;
  const isFile = typeof input === 'string' || input instanceof URL;
  if (start === 0 && end === Infinity) return { start, end };
  if (!isFile)
    throw new WebError('INVALID_ARGUMENT', 'range: expected a path or a file URL to read a part of, got a stream');
  if (Number.isSafeInteger(start) && start >= 0 && end >= start) return { start, end };
  throw new WebError('INVALID_ARGUMENT', `range: expected 0 <= start <= end, got ${start} and ${end}`);
}

function report(damage: WarcDamage, onDamage: ReadWarcOptions['onDamage']): void {
  if (onDamage) return onDamage(damage);
  const { source, offset, reason } = damage;
  throw new WebError(
    'DAMAGED_WARC',
    `${source}: expected a WARC record at byte ${offset}, got something unreadable (${reason}); pass onDamage to skip and count it`,
  );
}
