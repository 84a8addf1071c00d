import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DedupError } from './dedup-error.ts';
import type { RecordKeys } from './file-record.ts';
import { findChain } from './match-chain.ts';
import type { MinHashSettings } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';
import { normalizeText } from './normalize-text.ts';
import { readRecords } from './read-records.ts';
import { estimateJaccard, jaccardSimilarity, matchingBands } from './similarity.ts';

/** How two documents resemble each other. */
export interface Comparison {
  /** true similarity of the shingles; `null` where either document has none */
  jaccard: number | null;
  estimatedJaccard: number | null;
  /** numbers of the equal bands */
  bands: number[];
  /** the longest run of words that stands in both, normalised */
  sharedText: string | null;
}

/** A document on the way from a removed one to the one that is kept, compared with the one before it. */
export interface Link extends Comparison {
  /** `null` for a document of an earlier run */
  id: string | null;
}

/** Why a document was removed, or that it was kept. */
export interface Explanation extends Comparison {
  id: string;
  kept: boolean;
  /** as in the metadata of the removed record */
  reason: string | null;
  duplicateOf: string | null;
  /** whatever else its metadata says of the removal */
  details: Record<string, unknown>;
  /**
   * the shortest way to the document that is kept, each with a band equal to the one before; one link where the two match
   * themselves, `null` where nothing is known (other commands, stage files that were deleted)
   */
  chain: Link[] | null;
}

interface Found {
  text: string;
  metadata: Record<string, unknown>;
}

const DETAILS = ['repeated_spans', 'repeated_ranges', 'contaminated_task', 'contaminated_ngram'];

/** The first documents with the given ids. */
async function find(
  folder: string,
  part: 'kept' | 'removed',
  ids: ReadonlySet<string>,
  keys: RecordKeys,
): Promise<Map<string, Found>> {
  const found = new Map<string, Found>();
  for (const name of readdirSync(join(folder, part)).sort()) {
    for await (const { document, field } of readRecords(join(folder, part, name), keys)) {
      if (document === null || !ids.has(document.id) || found.has(document.id)) continue;
      found.set(document.id, { text: document.text, metadata: metadataOf(field) });
      if (found.size === ids.size) return found;
    }
  }
  return found;
}

/** What is said of a removal: under `metadata`, or in columns of a Parquet file. */
function metadataOf(field: (name: string) => unknown): Record<string, unknown> {
  const own = (field('metadata') ?? {}) as Record<string, unknown>;
  const details = field('dedup');
  const more = typeof details === 'string' ? (JSON.parse(details) as object) : details;
  const [reason, twin] = [field('filter_reason'), field('duplicate_of')];
  return { ...own, ...(more as object), ...(reason ? { filter_reason: reason, duplicate_of: twin ?? undefined } : {}) };
}

/** The longest run of words, of `size` and more, that both texts have. */
function longestSharedRun(left: string, right: string, size: number): string | null {
  const [leftWords, rightWords] = [left, right].map((text) => normalizeText(text).split(/ +/));
  const places = new Map<string, number>();
  const shingleAt = (words: string[], at: number) => words.slice(at, at + size).join(' ');
  for (let at = rightWords.length - size; at >= 0; at--) places.set(shingleAt(rightWords, at), at);
  let [best, bestLength] = [0, 0];
  for (let at = 0; at + size <= leftWords.length; at++) {
    const place = places.get(shingleAt(leftWords, at));
    if (place === undefined) continue;
    let length = size;
    while (at + length < leftWords.length && leftWords[at + length] === rightWords[place + length]) length++;
    if (length > bestLength) [best, bestLength] = [at, length];
    at += length - size;
  }
  return bestLength === 0 ? null : leftWords.slice(best, best + bestLength).join(' ');
}

/** What a finished run says about itself. */
interface RunSettings {
  command: string;
  keys: RecordKeys;
  /** settings of signatures; the default ones for commands that make none */
  minHash: MinHashSettings;
}

function readSettings(folder: string): RunSettings {
  const path = join(folder, 'report.json');
  try {
    const { command, settings } = JSON.parse(readFileSync(path, 'utf8')) as {
      command: string;
      settings: Record<string, unknown>;
    };
    const { textKey = 'text', idKey = 'id', bands, rows, shingleSize, hash, seed, maximumCharacters } = settings;
    const keys = { textKey, idKey } as RecordKeys;
    if (command !== 'minhash') return { command, keys, minHash: {} };
    const minHash = { bands, rows, shingleSize, hash, seed, maximumCharacters: maximumCharacters ?? Infinity };
    return { command, keys, minHash: minHash as MinHashSettings };
  } catch (cause) {
    const message = `${path}: cannot be read; give the folder that a finished run has written`;
    throw new DedupError('UNREADABLE_FILE', message, { cause });
  }
}

const NOT_COMPARED: Comparison = { jaccard: null, estimatedJaccard: null, bands: [], sharedText: null };

function compare(left: string | undefined, right: string | undefined, hasher: MinHasher): Comparison {
  if (left === undefined || right === undefined) return NOT_COMPARED;
  const [leftSignature, rightSignature] = [hasher.signature(left), hasher.signature(right)];
  const sharedText = longestSharedRun(left, right, hasher.options.shingleSize);
  if (!leftSignature || !rightSignature) return { ...NOT_COMPARED, sharedText };
  return {
    sharedText,
    jaccard: jaccardSimilarity(hasher.shingles(left), hasher.shingles(right)),
    estimatedJaccard: estimateJaccard(leftSignature, rightSignature),
    bands: matchingBands(leftSignature, rightSignature, hasher.options.rows),
  };
}

/** The way to the kept document, each document compared with the one before. */
async function explainChain(
  folder: string,
  { id, duplicateOf }: Pick<Explanation, 'id' | 'duplicateOf'>,
  keys: RecordKeys,
  hasher: MinHasher,
): Promise<Link[] | null> {
  const steps = findChain(folder, id, duplicateOf);
  if (steps === null) return null;
  const ids = new Set([id, ...steps.flatMap((step) => step.id ?? [])]);
  const texts = new Map([...(await find(folder, 'kept', ids, keys)), ...(await find(folder, 'removed', ids, keys))]);
  let before = id;
  return steps.map((step) => {
    const link = { id: step.id, ...compare(texts.get(before)?.text, texts.get(step.id ?? '')?.text, hasher) };
    before = step.id ?? '';
    return link.bands.length > 0 ? link : { ...link, bands: [step.band] };
  });
}

/**
 * Says why a document was removed: which one was kept in its place, how alike the two are, what text they share, and by way
 * of which others they came into one cluster.
 *
 * @param folder where {@link minHashFiles} or a command has written its results
 * @throws DedupError `UNREADABLE_FILE` when the folder has no report, `INVALID_OPTION` when it has no document of that id
 */
export async function explainDocument(folder: string, id: string): Promise<Explanation> {
  const { command, keys, minHash } = readSettings(folder);
  const nothing = { id, kept: true, reason: null, duplicateOf: null, details: {}, chain: null, ...NOT_COMPARED };
  const removed = (await find(folder, 'removed', new Set([id]), keys)).get(id);
  if (removed === undefined) {
    if ((await find(folder, 'kept', new Set([id]), keys)).size > 0) return nothing;
    throw new DedupError('INVALID_OPTION', `${folder}: has no document with the id ${JSON.stringify(id)}`);
  }
  const { filter_reason: reason, duplicate_of: twin } = removed.metadata as Record<string, string | undefined>;
  const duplicateOf = twin ?? null;
  const details = Object.fromEntries(Object.entries(removed.metadata).filter(([key]) => DETAILS.includes(key)));
  const keptText = twin === undefined ? undefined : (await find(folder, 'kept', new Set([twin]), keys)).get(twin)?.text;
  const hasher = new MinHasher(minHash);
  const chain = command === 'minhash' ? await explainChain(folder, { id, duplicateOf }, keys, hasher) : null;
  const comparison = compare(removed.text, keptText, hasher);
  return { ...nothing, kept: false, reason: reason ?? null, duplicateOf, details, chain, ...comparison };
}
