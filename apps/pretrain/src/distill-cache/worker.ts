// A process that writes its share of teacher caches: forked, told its jobs, answers with progress and an end.
import { TokenShard } from '@smol/dataset';
import { writeTeacherParts, type CacheWriterOptions } from '@smol/distill/node';
import { useEngine } from '@smol/engine';
import { openTeacher } from './teacher-logits.ts';
import type { Answer, Orders } from './write-caches.ts';

process.once('message', (orders: Orders) => void work(orders));
// Nobody is left to work for.
process.on('disconnect', () => process.exit(1));
// Ctrl-C reaches every process of the terminal: whoever ordered the work says when to stop.
process.on('SIGINT', () => {});

const send = (answer: Answer) => process.send?.(answer);

async function work({ teacher, engine, precision, threads, worker, workers, jobs }: Orders): Promise<void> {
  const stop = new AbortController();
  process.on('message', (message) => message === 'stop' && stop.abort(new Error('stopped')));
  try {
    if (!teacher.endsWith('.gguf')) await useEngine(engine, { threads, precision });
    const source = await openTeacher(teacher, threads);
    for (const [index, { shard: path, cache, description, windowTokens, partTokens }] of jobs.entries()) {
      const shard = TokenShard.open(path);
      const options: CacheWriterOptions = {
        description,
        windowTokens,
        ...(partTokens !== undefined && { partTokens }),
        signal: stop.signal,
        onProgress: (tokens) => send({ type: 'progress', job: index, tokens }),
      };
      await writeTeacherParts(cache, options, turnTaking(source.of(shard)), { worker, workers });
      shard.close();
    }
    send({ type: 'end' });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    send({ type: 'end', error: { code: stop.signal.aborted ? 'STOPPED' : code, message } });
  }
  process.disconnect();
}

/** Messages have their turn before every window. */
function turnTaking(teacher: ReturnType<Awaited<ReturnType<typeof openTeacher>>['of']>): typeof teacher {
  return async (start, length) => {
    await new Promise((resolve) => setImmediate(resolve));
    return teacher(start, length);
  };
}
