import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DistillError, type CacheDescription, type DistillErrorCode } from '@smol/distill';
import { finishTeacherCache } from '@smol/distill/node';
import type { EngineChoice } from '@smol/engine';
import { PretrainError } from '../pretrain-error.ts';

/** A cache to be written. */
export interface CacheJob {
  /** path of the shard */
  shard: string;
  /** path of its cache */
  cache: string;
  description: CacheDescription;
  /** tokens that the teacher sees at a time */
  windowTokens: number;
  partTokens?: number;
}

/** What a worker is told. */
export interface Orders {
  teacher: string;
  engine: EngineChoice;
  precision: 'f32' | 'bf16';
  /** of its engine */
  threads: number;
  worker: number;
  workers: number;
  jobs: CacheJob[];
}

/** What it answers. */
export type Answer =
  | { type: 'progress'; job: number; tokens: number }
  | { type: 'end'; error?: { code?: string; message: string } };

/** How caches are written. */
export interface WriteOptions extends Pick<Orders, 'teacher' | 'engine' | 'precision' | 'threads' | 'workers'> {
  signal: AbortSignal;
  /** told the tokens that are done, of all jobs and workers, and how many of them this call did */
  onProgress(tokens: number, fresh: number): void;
}

/** The worker beside this module; from the sources it is the built one. */
function workerPath(): string {
  const built = import.meta.url.endsWith('.ts') ? '../../dist/distill-cache/worker.js' : './distill-cache/worker.js';
  return fileURLToPath(new URL(built, import.meta.url));
}

/**
 * Writes caches by several processes, each with a teacher of its own. Stopped or killed at any time, the same call goes on
 * from the parts that are whole, to the same bytes.
 *
 * @throws DistillError, and PretrainError `STOPPED`
 */
export async function writeCaches(jobs: CacheJob[], options: WriteOptions): Promise<void> {
  const perWorker = () => jobs.map(() => Array.from({ length: options.workers }, () => 0));
  const [done, fresh] = [perWorker(), perWorker()];
  const sumOf = (counts: number[][]) => counts.flat().reduce((sum, count) => sum + count, 0);
  const begun = new Set<string>();
  const workers = Array.from({ length: options.workers }, (_, worker) =>
    runWorker({ ...options, worker, jobs }, options.signal, ({ job, tokens }) => {
      // What a worker tells first of a job was there before.
      if (begun.has(`${job} ${worker}`)) fresh[job][worker] += tokens - done[job][worker];
      begun.add(`${job} ${worker}`);
      done[job][worker] = tokens;
      options.onProgress(sumOf(done), sumOf(fresh));
    }),
  );
  const results = await Promise.allSettled(workers.map(({ ended }) => ended));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  for (const { cache, description, windowTokens, partTokens } of jobs)
    await finishTeacherCache(cache, { description, windowTokens, ...(partTokens !== undefined && { partTokens }) });
}

function runWorker(
  { teacher, engine, precision, threads, worker, workers, jobs }: WriteOptions & { worker: number; jobs: CacheJob[] },
  signal: AbortSignal,
  onProgress: (answer: Extract<Answer, { type: 'progress' }>) => void,
): { child: ChildProcess; ended: Promise<void> } {
  const child = fork(workerPath(), { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = () => void (child.connected && child.send('stop'));
  signal.addEventListener('abort', stop);
  child.send({ teacher, engine, precision, threads, worker, workers, jobs } satisfies Orders);
  const ended = new Promise<void>((resolve, reject) => {
    child.on('message', (answer: Answer) => {
      if (answer.type === 'progress') return onProgress(answer);
      if (answer.error === undefined) resolve();
      else reject(rebuilt(answer.error));
    });
    child.on('error', reject);
    child.on('exit', (code, killedBy) => {
      signal.removeEventListener('abort', stop);
      reject(new Error(`worker ${worker} of the teacher cache ended early (${killedBy ?? `exit code ${code}`})`));
    });
  });
  return { child, ended };
}

/** An error of a worker, as whoever called would have got it. */
function rebuilt({ code, message }: { code?: string; message: string }): Error {
  if (code === 'STOPPED') return new PretrainError('STOPPED', 'stopped; the same command goes on from here');
  if (code === undefined) return new Error(message);
  const error = new DistillError(code as DistillErrorCode, message);
  return error;
}
