import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './fixtures/tiny-run.ts';
import { lockRun } from './run-lock.ts';

describe('lockRun', () => {
  const folder = temporaryFolder();
  const lock = (name: string) => join(folder, name, 'lock');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps a folder for one run at a time, and gives it back', () => {
    const unlock = lockRun(join(folder, 'a'));
    expect(() => lockRun(join(folder, 'a'))).toThrow(/another run \(process \d+\) is at work in .*a; wait for it/);
    unlock();
    lockRun(join(folder, 'a'))();
    expect(existsSync(lock('a'))).toBe(false);
  });

  it('respects a process that is alive', () => {
    lockRun(join(folder, 'b'))();
    writeFileSync(lock('b'), `${process.ppid}\n`);
    expect(() => lockRun(join(folder, 'b'))).toThrow(`delete ${lock('b')}`);
  });

  it.each([
    ['a process that is gone', `${spawnSync(process.execPath, ['--version']).pid}\n`],
    ['this very process id, in a container before', `${process.pid}\n`],
    ['nobody', ''],
    ['nonsense', 'me'],
  ])('takes over the lock of %s', (_, content) => {
    lockRun(join(folder, 'c'))();
    writeFileSync(lock('c'), content);
    lockRun(join(folder, 'c'))();
    expect(existsSync(lock('c'))).toBe(false);
  });

  it('says where it cannot write', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => lockRun(join(folder, 'file/run'))).toThrow(/cannot write to the run folder: .*file.*--runs DIR/);
  });
});
