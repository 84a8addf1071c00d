import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DedupError } from './dedup-error.ts';
import type { MinHashSettings } from './min-hash-options.ts';
import { MinHasher } from './min-hasher.ts';
import { normalizeText } from './normalize-text.ts';
import { readRecords } from './read-records.ts';
import type { RecordKeys } from './read-records.ts';
import { estimateJaccard, jaccardSimilarity, matchingBands } from './similarity.ts';

/** Why a document was removed, or that it was kept. */
export interface Explanation {
  id: string;
  kept: boolean;
  /** as in the metadata of the removed record */
  reason: string | null;
  duplicateOf: string | null;
  /** true similarity of the shingles; `null` where either document has none, or the kept one is not known */
  jaccard: number | null;
  estimatedJaccard: number | null;
  /** numbers of the equal bands; none where only other members of the cluster join the two */
  bands: number[];
  /** the longest run of words that stands in both, normalised */
  sharedText: string | null;
}

interface Found {
  text: string;
  metadata: Record<string, unknown>;
}

async function find(folder: string, part: 'kept' | 'removed', id: string, keys: RecordKeys): Promise<Found | null> {
  for (const name of readdirSync(join(folder, part)).sort()) {
    const path = join(folder, part, name);
    for await (const { document, bytes } of readRecords(path, path, keys)) {
      if (document?.id !== id) continue;
      const { metadata = {} } = JSON.parse(bytes!.toString('utf8')) as { metadata?: Record<string, unknown> };
      return { text: document.text, metadata };
    }
  }
  return null;
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

function readSettings(folder: string): MinHashSettings & Partial<RecordKeys> {
  const path = join(folder, 'report.json');
  try {
    const report = JSON.parse(readFileSync(path, 'utf8')) as { settings: Record<string, unknown> };
    const { maximumCharacters, representative: _, ...settings } = report.settings;
    return { ...settings, maximumCharacters: (maximumCharacters as number | null) ?? Infinity };
  } catch (cause) {
    const message = `${path}: cannot be read; give the folder that a finished run has written`;
    throw new DedupError('UNREADABLE_FILE', message, { cause });
  }
}

function compare(left: string, right: string, settings: MinHashSettings): Partial<Explanation> {
  const hasher = new MinHasher(settings);
  const [leftSignature, rightSignature] = [hasher.signature(left), hasher.signature(right)];
  const sharedText = longestSharedRun(left, right, hasher.options.shingleSize);
  if (!leftSignature || !rightSignature) return { sharedText };
  return {
    sharedText,
    jaccard: jaccardSimilarity(hasher.shingles(left), hasher.shingles(right)),
    estimatedJaccard: estimateJaccard(leftSignature, rightSignature),
    bands: matchingBands(leftSignature, rightSignature, hasher.options.rows),
  };
}

/**
 * Says why a document was removed: which one was kept in its place, how alike the two are, and what text they share.
 *
 * @param folder where {@link minHashFiles} has written its results
 * @throws DedupError `UNREADABLE_FILE` when the folder has no report, `INVALID_OPTION` when it has no document of that id
 */
export async function explainDocument(folder: string, id: string): Promise<Explanation> {
  const { textKey = 'text', idKey = 'id', ...settings } = readSettings(folder);
  const keys = { textKey, idKey };
  const explanation: Explanation = {
    id,
    kept: false,
    reason: null,
    duplicateOf: null,
    jaccard: null,
    estimatedJaccard: null,
    bands: [],
    sharedText: null,
  };
  const removed = await find(folder, 'removed', id, keys);
  if (removed === null) {
    if (await find(folder, 'kept', id, keys)) return { ...explanation, kept: true };
    throw new DedupError('INVALID_OPTION', `${folder}: has no document with the id ${JSON.stringify(id)}`);
  }
  const { filter_reason: reason, duplicate_of: duplicateOf } = removed.metadata as Record<string, string | undefined>;
  const twin = duplicateOf === undefined ? null : await find(folder, 'kept', duplicateOf, keys);
  const similarity = twin ? compare(removed.text, twin.text, settings) : {};
  return { ...explanation, reason: reason ?? null, duplicateOf: duplicateOf ?? null, ...similarity };
}
