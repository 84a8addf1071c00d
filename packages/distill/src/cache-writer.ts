import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BLOCK_TOKENS, BlockChecksums, checksumBytes } from './block-checksums.ts';
import { checkDescription, type CacheDescription } from './cache-description.ts';
import { encodeHeader } from './cache-header.ts';
import { DistillError } from './distill-error.ts';
import { encodeTeacherRecords } from './teacher-cache.ts';
import { recordBytes } from './teacher-record.ts';

/** The teacher's logits [length, V] of the tokens `start` … of a shard: what it expects after each. */
export type TeacherLogits = (start: number, length: number) => Float32Array | Promise<Float32Array>;

/** How a cache is written. */
export interface CacheWriterOptions {
  description: CacheDescription;
  /** tokens that are asked of the teacher at a time, and its context: default 512 */
  windowTokens?: number;
  /** tokens of a part, which a stopped run does not lose; rounded up to whole windows, default 16,384 */
  partTokens?: number;
  /** told how many tokens are done, at first those that were there */
  onProgress?: (doneTokens: number) => void;
  /** stops between two windows, by throwing its reason; what was done stays */
  signal?: AbortSignal;
}

interface Plan {
  description: CacheDescription;
  windowTokens: number;
  partTokens: number;
  parts: number;
  folder: string;
}

/** Where parts wait: a folder whose name says what they are of, so that those of other settings are never taken. */
function planOf(path: string, { description, windowTokens = 512, partTokens = 16_384 }: CacheWriterOptions): Plan {
  checkDescription(description);
  for (const [name, value] of Object.entries({ windowTokens, partTokens })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new DistillError('BAD_OPTION', `${name} must be an integer ≥ 1, got ${String(value)}`);
  }
  const unit = leastCommonMultiple(windowTokens, BLOCK_TOKENS);
  const whole = Math.ceil(partTokens / unit) * unit;
  const key = createHash('sha256').update(encodeHeader(description)).update(`${windowTokens} ${whole}`).digest('hex');
  return {
    description,
    windowTokens,
    partTokens: whole,
    parts: Math.ceil(description.tokenCount / whole),
    folder: `${path}.parts-${key.slice(0, 16)}`,
  };
}

/** Parts are whole windows for the teacher, and whole blocks for the checksums. */
function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a / divisor(a, b)) * b;
}

/** Writes a file under a name of its own in the folder of parts, and renames it when it is whole. */
async function writeWhole(folder: string, path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.partial`);
  try {
    const file = await open(temporary, 'wx');
    try {
      for await (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** A part: its records, then their checksums. */
async function* partBytes(
  plan: Plan,
  part: number,
  teacher: TeacherLogits,
  { signal, onProgress }: Pick<CacheWriterOptions, 'signal' | 'onProgress'>,
): AsyncGenerator<Uint8Array> {
  const { description, windowTokens, partTokens } = plan;
  const sums = new BlockChecksums(recordBytes(description));
  const first = part * partTokens;
  const end = first + tokensOf(plan, part);
  for (let start = first; start < end; start += windowTokens) {
    signal?.throwIfAborted();
    const length = Math.min(windowTokens, end - start);
    const records = encodeTeacherRecords(description, await askTeacher(teacher, start, length, description), start);
    sums.add(records);
    yield records;
    onProgress?.(start + length - first);
  }
  yield sums.encode();
}

async function askTeacher(
  teacher: TeacherLogits,
  start: number,
  length: number,
  { vocabularySize }: CacheDescription,
): Promise<Float32Array> {
  const logits = await teacher(start, length);
  if (logits.length === length * vocabularySize) return logits;
  throw new DistillError(
    'SHAPE_MISMATCH',
    `the teacher must give ${length} rows of ${vocabularySize} logits from position ${start} on, got ${logits.length} numbers`,
  );
}

function tokensOf({ description, partTokens }: Plan, part: number): number {
  return Math.min(partTokens, description.tokenCount - part * partTokens);
}

/** Bytes of a part's records, without their checksums. */
function recordBytesOf(plan: Plan, part: number): number {
  return tokensOf(plan, part) * recordBytes(plan.description);
}

/**
 * Writes one worker's parts of a teacher cache: every `workers`-th, from `worker` on, but those that are already there.
 * Any number of workers, stopped and started at any time, leave the same bytes. {@link finishTeacherCache} joins them.
 *
 * @param path of the cache
 * @param worker in [0, workers)
 * @throws DistillError `BAD_LOGITS` naming the position, `BAD_OPTION`, `SHAPE_MISMATCH`
 */
export async function writeTeacherParts(
  path: string,
  options: CacheWriterOptions,
  teacher: TeacherLogits,
  { worker = 0, workers = 1 }: { worker?: number; workers?: number } = {},
): Promise<void> {
  const plan = planOf(path, options);
  await mkdir(plan.folder, { recursive: true });
  const mine = Array.from({ length: plan.parts }, (_, part) => part).filter((part) => part % workers === worker);
  const missing = mine.filter((part) => !existsSync(join(plan.folder, String(part))));
  const there = mine.filter((part) => !missing.includes(part));
  let done = there.reduce((sum, part) => sum + tokensOf(plan, part), 0);
  options.onProgress?.(done);
  for (const part of missing) {
    const before = done;
    const onProgress = (tokens: number) => options.onProgress?.(before + tokens);
    const pieces = partBytes(plan, part, teacher, { ...options, onProgress });
    await writeWhole(plan.folder, join(plan.folder, String(part)), pieces);
    done += tokensOf(plan, part);
  }
}

async function checkParts(plan: Plan, path: string): Promise<void> {
  const { folder, parts } = plan;
  const there = new Set(existsSync(folder) ? await readdir(folder) : []);
  for (let part = 0; part < parts; part++) {
    const expected = recordBytesOf(plan, part) + checksumBytes(tokensOf(plan, part));
    const size = there.has(String(part)) ? (await stat(join(folder, String(part)))).size : undefined;
    if (size === expected) continue;
    throw new DistillError(
      'CACHE_INCOMPLETE',
      `part ${part} of ${parts} of ${path} must have ${expected} bytes, got ${size ?? 'none'}; write its parts first`,
    );
  }
}

/** Header, all records, all checksums; records are held to the checksums that their parts were written with. */
async function* wholeCache(plan: Plan): AsyncGenerator<Uint8Array> {
  const { folder, parts, description } = plan;
  const all: Uint8Array[] = [];
  yield encodeHeader(description);
  for (let part = 0; part < parts; part++) {
    const file = join(folder, String(part));
    const length = recordBytesOf(plan, part);
    const sums = new BlockChecksums(recordBytes(description));
    for await (const piece of createReadStream(file, { end: length - 1 })) {
      sums.add(piece as Uint8Array);
      yield piece as Uint8Array;
    }
    const written = (await readFile(file)).subarray(length);
    if (Buffer.compare(written, sums.encode()) !== 0) {
      await rm(file);
      throw new DistillError(
        'CORRUPT_CACHE',
        `${file} is not what was written and has been removed; run the same command again`,
      );
    }
    all.push(written);
  }
  yield* all;
}

/**
 * Joins the parts of all workers to the cache, which appears under its name only when it is whole, and removes them.
 *
 * @throws DistillError `CACHE_INCOMPLETE`; `CORRUPT_CACHE` when a part was changed, which is then removed
 */
export async function finishTeacherCache(path: string, options: CacheWriterOptions): Promise<void> {
  const plan = planOf(path, options);
  await checkParts(plan, path);
  await writeWhole(plan.folder, path, wholeCache(plan));
  await rm(plan.folder, { recursive: true, force: true });
}

/**
 * Writes a teacher cache in this process: `NAME.ds.teacher` beside `NAME.ds`. A run that was stopped goes on where it was.
 *
 * @throws DistillError as {@link writeTeacherParts}
 */
export async function writeTeacherCache(
  path: string,
  options: CacheWriterOptions,
  teacher: TeacherLogits,
): Promise<void> {
  await writeTeacherParts(path, options, teacher);
  await finishTeacherCache(path, options);
}
