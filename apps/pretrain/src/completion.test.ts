import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findChangedFile, hash, listFiles, readCompletion, writeCompletion } from './completion.ts';
import { temporaryFolder } from './fixtures/tiny-run.ts';

describe('the record of a finished step', () => {
  const folder = temporaryFolder();
  beforeEach(() => {
    mkdirSync(join(folder, 'model/deep'), { recursive: true });
    writeFileSync(join(folder, 'model/deep/weights'), '12345');
    writeFileSync(join(folder, 'report.html'), '<p>');
    const files = listFiles(folder, ['model', 'report.html']);
    writeCompletion(folder, 'export', { key: 'k', seconds: 1, summary: {}, files });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const changed = () => findChangedFile(folder, readCompletion(folder, 'export')!);

  it('knows its files, folders walked through, by names that hold on every system', () => {
    expect(readCompletion(folder, 'export')?.files).toEqual({ 'model/deep/weights': 5, 'report.html': 3 });
    expect(changed()).toBeUndefined();
  });

  it('notices a file that is gone or cut short, and a folder that is gone', () => {
    truncateSync(join(folder, 'report.html'), 1);
    expect(changed()).toBe('report.html');
    rmSync(join(folder, 'model'), { recursive: true });
    expect(changed()).toBe('model/deep/weights');
  });

  it.each(['', '{', 'null', '[]', '{"key":"k"}'])('that holds %j counts as none', (content) => {
    writeFileSync(join(folder, 'steps/export.json'), content);
    expect(readCompletion(folder, 'export')).toBeUndefined();
  });

  it('is missing before the step was finished', () => {
    expect(readCompletion(folder, 'train')).toBeUndefined();
  });
});

describe('hash', () => {
  it('changes with any part', () => {
    expect(hash(['a', { b: 1 }])).toBe(hash(['a', { b: 1 }]));
    expect(hash(['a', { b: 1 }])).not.toBe(hash(['a', { b: 2 }]));
  });
});
