import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { readDone } from './done-file.ts';
import { IdReader } from './id-reader.ts';
import { factsOf } from './run-facts.ts';
import type { RunFacts } from './run-facts.ts';
import { FROM_INDEX, stagePath } from './stage-settings.ts';
import type { StageSettings, TaskResult } from './stage-settings.ts';

/** A step from one document of a cluster to the next, which has the same values in a band. */
export interface ChainStep {
  /** the next document; `null` for one of an earlier run */
  id: string | null;
  /** the band in which it equals the one before */
  band: number;
}

type Run = Pick<StageSettings, 'folder' | 'inputs' | 'parts' | 'minHash'>;

const BLOCK_WORDS = 1 << 16;
/** A document as one number: its part and its own number. */
const nodeOf = (rank: number, document: number) => rank * 2 ** 32 + document;
const INDEX = nodeOf(FROM_INDEX, FROM_INDEX);

function readRun(folder: string): Run | null {
  const path = join(folder, 'stages', 'run.json');
  if (!existsSync(path)) return null;
  return { ...(JSON.parse(readFileSync(path, 'utf8')) as Run), folder };
}

function readFacts(run: Run): RunFacts {
  const results = run.parts.map((_, rank) => readDone<TaskResult>(run.folder, 'signatures', rank));
  if (results.includes(null)) throw new Error('signatures are damaged');
  return factsOf(run, results as TaskResult[]);
}

function* pairsOf(path: string): Generator<[left: number, right: number]> {
  const words = new Uint32Array(BLOCK_WORDS);
  const bytes = new Uint8Array(words.buffer);
  const file = openSync(path, 'r');
  try {
    for (let count = readSync(file, bytes); count > 0; count = readSync(file, bytes)) {
      for (let at = 0; at < count / 4; at += 4) {
        yield [nodeOf(words[at], words[at + 1]), nodeOf(words[at + 2], words[at + 3])];
      }
    }
  } finally {
    closeSync(file);
  }
}

/** All documents that can be reached in one band from any of the given ones: pairs that follow each other are one bucket. */
function bucketsOf(path: string, wanted: ReadonlySet<number>): number[][] {
  const found: number[][] = [];
  let bucket: number[] = [];
  const finish = () => {
    if (bucket.some((node) => wanted.has(node))) found.push(bucket);
  };
  for (const [left, right] of pairsOf(path)) {
    if (bucket.at(-1) === left) bucket.push(right);
    else {
      finish();
      bucket = [left, right];
    }
  }
  finish();
  return found;
}

/** The number of the document with an id. */
function findNode(run: Run, facts: RunFacts, ids: IdReader, id: string): number | null {
  for (const rank of run.parts.keys()) {
    for (let document = 0; document < facts.documents[rank]; document++) {
      if (ids.idOf(rank, document) === id) return nodeOf(rank, document);
    }
  }
  return null;
}

/** Breadth first over the buckets of all bands, each step one pass over the matches. */
function search(run: Run, from: number, to: number): { node: number; band: number }[] | null {
  const before = new Map<number, { node: number; band: number } | null>([[from, null]]);
  for (let frontier = new Set([from]); frontier.size > 0 && !before.has(to);) {
    const next = new Set<number>();
    for (let band = 0; band < run.minHash.bands; band++) {
      for (const bucket of bucketsOf(join(run.folder, stagePath.matches(band)), frontier)) {
        const node = bucket.find((member) => frontier.has(member))!;
        for (const member of bucket) {
          // What only the index joins is not joined by a document that can be shown.
          if (before.has(member) || (member === INDEX && to !== INDEX)) continue;
          before.set(member, { node, band });
          next.add(member);
        }
      }
    }
    frontier = next;
  }
  const steps: { node: number; band: number }[] = [];
  for (let at = to; at !== from;) {
    const step = before.get(at);
    if (!step) return null;
    steps.unshift({ node: at, band: step.band });
    at = step.node;
  }
  return steps;
}

/**
 * The shortest way from a removed document to the one that is kept: documents of which each equals the one before in a band.
 * One step where the two match themselves.
 *
 * @param keptId `null` for a document of an earlier run
 * @returns `null` where the stage files are no longer there
 */
export function findChain(folder: string, id: string, keptId: string | null): ChainStep[] | null {
  const run = readRun(folder);
  if (run === null) return null;
  const facts = readFacts(run);
  const ids = new IdReader(run, facts);
  try {
    const from = findNode(run, facts, ids, id);
    const to = keptId === null ? INDEX : findNode(run, facts, ids, keptId);
    const steps = from === null || to === null ? null : search(run, from, to);
    const idOf = (node: number) => (node === INDEX ? null : ids.idOf(Math.floor(node / 2 ** 32), node % 2 ** 32));
    return steps?.map(({ node, band }) => ({ id: idOf(node), band })) ?? null;
  } finally {
    ids.close();
  }
}
