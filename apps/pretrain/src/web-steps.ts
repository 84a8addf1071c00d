import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Document, Drop, Reader, Split, Step } from '@smol/pipeline';
import {
  readUrlLists,
  readWarc,
  UrlFilter,
  warcToDocument,
  type UrlFilterLists,
  type WarcDamage,
  type WarcRecord,
} from '@smol/web';

/** What accompanies a document until its text is extracted; it is written to no file. */
const RECORD = Symbol('record of the web archive');

interface WebItem extends Document {
  [RECORD]?: WarcRecord;
}

/** Which addresses are dropped: lists in files, and entries by themselves. */
export interface UrlSettings {
  lists?: readonly string[];
  bannedDomains?: readonly string[];
  bannedWords?: readonly string[];
  bannedSubwords?: readonly string[];
  softBannedWords?: readonly string[];
}

/** Reads the pages of a web archive, or of a part of one; `damaged` says what becomes of what cannot be read. */
export function webReader(damaged: (damage: WarcDamage) => Drop): Reader {
  const read: Reader = async function* (input, { split, reportBytes }) {
    const drops: Drop[] = [];
    const records = readWarc(input, {
      ...(split && { range: { start: split.start, end: split.end } }),
      onDamage: (damage) => drops.push(damaged(damage)),
    });
    for await (const record of records) {
      yield* drops.splice(0);
      reportBytes(record.offset - (split?.start ?? 0));
      const isPage = record.type === 'response' || record.type === 'conversion';
      yield isPage ? toItem(record, input) : { drop: 'record_type', value: record.type };
    }
    yield* drops;
  };
  return Object.assign(read, { splits: splitArchive });
}

/** Every record is in exactly one of the ranges: that in which it begins. In a file that is not packed, a cut could be misled by a page's text. */
function splitArchive(input: string, { bytes }: { bytes: number }): Split[] {
  const { size } = statSync(input);
  const count = input.endsWith('.gz') ? Math.max(1, Math.ceil(size / bytes)) : 1;
  const edge = (index: number) => Math.floor((size * index) / count);
  return Array.from({ length: count }, (_, index) => ({ start: edge(index), end: edge(index + 1) }));
}

function toItem(record: WarcRecord, input: string): WebItem {
  const { id, url, date, offset } = record;
  return {
    id,
    text: '',
    ...(url && { url }),
    metadata: { ...(date && { date }), file_path: basename(input), file_offset: offset },
    [RECORD]: record,
  };
}

/** The address is judged before the page is parsed, as in FineWeb. */
export function urlStep({ lists = [], ...entries }: UrlSettings): Step {
  const filter = new UrlFilter(mergeLists(lists, entries));
  return {
    name: 'url',
    process(document) {
      const verdict = filter.check(document.url ?? '');
      return verdict.keep ? document : { drop: verdict.reason, value: verdict.value, limit: verdict.limit };
    },
  };
}

function mergeLists(paths: readonly string[], entries: Omit<UrlSettings, 'lists'>): UrlFilterLists {
  const files = paths.length > 0 ? readUrlLists(...paths) : {};
  return {
    urls: files.urls,
    domains: [...(files.domains ?? []), ...(entries.bannedDomains ?? [])],
    bannedWords: [...(files.bannedWords ?? []), ...(entries.bannedWords ?? [])],
    bannedSubwords: [...(files.bannedSubwords ?? []), ...(entries.bannedSubwords ?? [])],
    softBannedWords: [...(files.softBannedWords ?? []), ...(entries.softBannedWords ?? [])],
  };
}

/** From the record to its main text, deterministic as `@smol/web` has it. */
export function extractStep(dump?: string): Step {
  return {
    name: 'extract',
    process({ [RECORD]: record, metadata }: WebItem) {
      const result = warcToDocument(record!, { dump });
      if ('keep' in result) return { drop: result.reason, value: result.value, limit: result.limit };
      return { ...result, metadata: { ...result.metadata, file_path: metadata.file_path } };
    },
  };
}
