import { join } from 'node:path';
import type { TokenShard } from '@smol/dataset';
import { useEngine } from '@smol/engine';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memorySink, temporaryFolder, tinyRun, writeTinyShard } from './fixtures/tiny-run.ts';
import { listenToSignals } from './train-signals.ts';

const base = temporaryFolder();
let shard: TokenShard;

beforeAll(async () => {
  await useEngine('cpu');
  shard = await writeTinyShard(base.folder);
});
afterAll(() => base.remove());

it('SIGUSR1 asks for a checkpoint and goes on, SIGTERM stops after one', async () => {
  const sink = memorySink();
  const signals = listenToSignals(() => run.trainer.requestCheckpoint());
  const send = ({ step }: { step: number }) => {
    if (step === 2) process.emit('SIGUSR1');
    if (step === 5) process.emit('SIGTERM');
  };
  const run = tinyRun(shard, {
    signal: signals.signal,
    checkpoint: { folder: join(base.folder, 'checkpoints'), every: 100 },
    sinks: [sink, { name: 'signals', write: send }],
  });
  const before = process.listenerCount('SIGUSR1');
  expect(await run.trainer.run()).toMatchObject({ step: 5, stopped: true });
  expect(sink.events.map(({ type, step }) => `${type} ${step}`)).toEqual([
    'start 0',
    'checkpoint 2',
    'checkpoint 5',
    'stop 5',
  ]);
  signals.dispose();
  expect(process.listenerCount('SIGUSR1')).toBe(before - 1);
  run.dispose();
});
