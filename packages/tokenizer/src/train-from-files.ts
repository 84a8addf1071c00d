import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { batchesOf, inOrder } from './batches.ts';
import type { WordCounts } from './count-words.ts';
import { WordCounter } from './count-words.ts';
import { PaddedBytes } from './padded-bytes.ts';
import { patternSource } from './patterns.ts';
import type { NamedText } from './text-files.ts';
import { readChunks } from './text-files.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainFromCounts, trainingSplitter } from './train-bpe.ts';
import type { TrainOptions } from './train-bpe.ts';
import { limitWords, loadRuns, writeRun } from './word-runs.ts';
import { WorkerPool, workerCount } from './worker-pool.ts';
import type { SentCounts } from './worker-tasks.ts';
import { CountingWorker } from './worker-tasks.ts';

/** How to train on files. */
export interface TrainFilesOptions extends TrainOptions {
  /** Threads that count. Default: one for every core. The result is the same for any number. */
  workers?: number;
  /** Bytes for the words and their counts; more than that goes to files. Default 1 GiB. */
  memory?: number;
  /** Where files of counts go while counting. Default: the system's folder for temporary files. */
  temporaryFolder?: string;
  /** What the path `-` stands for. */
  stdin?: Readable;
}

type Finished = { runs: string[] } | { counts: SentCounts };

/** The first so many characters are counted without threads, which take about as long to start. */
const FIRST_LENGTH = 1 << 24;

/**
 * Trains on files of any size: `.txt` (or any other name) holds one text, `.jsonl` a document a line in the field `text`,
 * each also with `.gz`. Long texts are counted in parts of about a million characters, cut after a letter that white space
 * or punctuation follows, if possible at the end of a line: a published pattern finds the same pieces as in the whole.
 * Otherwise as `trainBpe`.
 *
 * When the words do not fit into `memory` (a corpus of terabytes), the rarest are left out, all of one count together.
 *
 * @throws TokenizerError `FILE_NOT_FOUND`, `INVALID_ARGUMENT` or `UNSUPPORTED_PATTERN`
 */
export async function trainFromFiles(paths: readonly string[], options: TrainFilesOptions): Promise<Tokenizer> {
  trainingSplitter(options);
  const workers = workerCount(options.workers);
  const folder = await mkdtemp(join(options.temporaryFolder ?? tmpdir(), 'smol-words-'));
  try {
    const texts = reporting(readChunks(paths, options.stdin), options);
    const finished = [await countHere(texts, options, folder, workers)];
    if (workers > 1) finished.push(...(await countIn(texts, options, folder, workers)));
    return trainFromCounts(combine(finished, options.memory ?? 2 ** 30, folder), options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The texts, each reported as counted when the next is asked for. */
async function* reporting(texts: AsyncIterable<NamedText>, options: TrainFilesOptions): AsyncGenerator<NamedText> {
  let done = 0;
  for await (const text of texts) {
    yield text;
    options.onProgress?.({ stage: 'counting', done: ++done });
  }
}

const roleOf = (
  { pattern = 'llama3', memory = 2 ** 30 }: TrainFilesOptions,
  folder: string,
  name: string,
  share: number,
) => ({ kind: 'count', pattern: patternSource(pattern), memory: memory / share, folder, name }) as const;

/** Counts the first texts; with one worker, all of them. */
async function countHere(
  texts: AsyncGenerator<NamedText>,
  options: TrainFilesOptions,
  folder: string,
  workers: number,
): Promise<Finished> {
  const worker = new CountingWorker(roleOf(options, folder, 'first', workers));
  const length = workers === 1 ? Infinity : FIRST_LENGTH;
  for (let counted = 0; counted < length;) {
    const { value, done } = await texts.next();
    if (done) break;
    worker.add([value.text]);
    counted += value.text.length;
  }
  return worker.finish();
}

/** Counts the rest of the texts, if there are more, on threads. */
async function countIn(
  texts: AsyncGenerator<NamedText>,
  options: TrainFilesOptions,
  folder: string,
  workers: number,
): Promise<Finished[]> {
  const next = await texts.next();
  if (next.done) return [];
  async function* rest(): AsyncGenerator<NamedText> {
    yield next.value as NamedText;
    yield* texts;
  }
  const pool = new WorkerPool(workers, (index) => roleOf(options, folder, String(index), workers));
  try {
    const count = (batch: { text: string }[]): Promise<unknown> => pool.run({ texts: batch.map(({ text }) => text) });
    for await (const _ of inOrder(batchesOf(rest()), count, workers * 2));
    return (await pool.runAll('finish')) as Finished[];
  } finally {
    await pool.close();
  }
}

/** The sum of what was counted; when one has runs on disk, the rest go there too. */
function combine(finished: readonly Finished[], memory: number, folder: string): WordCounts {
  const counter = new WordCounter((_text, _start, end, pieces) => pieces.push(end));
  for (const part of finished) if ('counts' in part) addCounts(counter, part.counts);
  const runs = finished.flatMap((part) => ('runs' in part ? part.runs : []));
  if (runs.length === 0) return limitWords(counter.take(), memory);
  const rest = join(folder, 'rest.words');
  writeRun(rest, counter.take());
  return loadRuns([...runs, rest], memory);
}

function addCounts(counter: WordCounter, { bytes, ends, counts }: SentCounts): void {
  const text = PaddedBytes.from(bytes);
  for (let index = 0, start = 0; index < ends.length; start = ends[index++]) {
    counter.addWord(text, start, ends[index], counts[index]);
  }
}
