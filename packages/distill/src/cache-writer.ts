import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { checkDescription, encodeHeader, type CacheDescription } from './cache-header.ts';
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
  /** tokens of a part, which a stopped run does not lose; rounded up to whole windows, default 65,536 */
  partTokens?: number;
}

interface Plan {
  description: CacheDescription;
  windowTokens: number;
  partTokens: number;
  parts: number;
  folder: string;
}

/** Where parts wait: a folder whose name says what they are of, so that those of other settings are never taken. */
function planOf(path: string, { description, windowTokens = 512, partTokens = 65_536 }: CacheWriterOptions): Plan {
  checkDescription(description);
  for (const [name, value] of Object.entries({ windowTokens, partTokens })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new DistillError('BAD_OPTION', `${name} must be an integer ≥ 1, got ${String(value)}`);
  }
  const whole = Math.ceil(partTokens / windowTokens) * windowTokens;
  const key = createHash('sha256').update(encodeHeader(description)).update(`${windowTokens} ${whole}`).digest('hex');
  return {
    description,
    windowTokens,
    partTokens: whole,
    parts: Math.ceil(description.tokenCount / whole),
    folder: `${path}.parts-${key.slice(0, 16)}`,
  };
}

/** Writes a file under a name of its own and renames it when it is whole. */
async function writeWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
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

async function* partRecords(plan: Plan, part: number, teacher: TeacherLogits): AsyncGenerator<Uint8Array> {
  const { description, windowTokens, partTokens } = plan;
  const end = Math.min(description.tokenCount, (part + 1) * partTokens);
  for (let start = part * partTokens; start < end; start += windowTokens) {
    const length = Math.min(windowTokens, end - start);
    const logits = await teacher(start, length);
    if (logits.length !== length * description.vocabularySize) {
      throw new DistillError(
        'SHAPE_MISMATCH',
        `the teacher must give ${length} rows of ${description.vocabularySize} logits from position ${start} on, ` +
          `got ${logits.length} numbers`,
      );
    }
    yield encodeTeacherRecords(description, logits, start);
  }
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
  for (let part = worker; part < plan.parts; part += workers) {
    const file = join(plan.folder, String(part));
    if (!existsSync(file)) await writeWhole(file, partRecords(plan, part, teacher));
  }
}

async function checkParts({ folder, parts, partTokens, description }: Plan, path: string): Promise<void> {
  const there = new Set(existsSync(folder) ? await readdir(folder) : []);
  for (let part = 0; part < parts; part++) {
    const tokens = Math.min(partTokens, description.tokenCount - part * partTokens);
    const expected = tokens * recordBytes(description);
    const size = there.has(String(part)) ? (await stat(join(folder, String(part)))).size : undefined;
    if (size === expected) continue;
    throw new DistillError(
      'CACHE_INCOMPLETE',
      `part ${part} of ${parts} of ${path} must have ${expected} bytes, got ${size ?? 'none'}; write its parts first`,
    );
  }
}

async function* wholeCache({ folder, parts, description }: Plan): AsyncGenerator<Uint8Array> {
  yield encodeHeader(description);
  for (let part = 0; part < parts; part++) yield* createReadStream(join(folder, String(part)));
}

/**
 * Joins the parts of all workers to the cache, which appears under its name only when it is whole, and removes them.
 *
 * @throws DistillError `CACHE_INCOMPLETE`
 */
export async function finishTeacherCache(path: string, options: CacheWriterOptions): Promise<void> {
  const plan = planOf(path, options);
  await checkParts(plan, path);
  await writeWhole(path, wholeCache(plan));
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
