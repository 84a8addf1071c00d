import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from './fixtures/temporary-folder.ts';
import { OutputPath, partOf } from './output-path.ts';
import { TaskFiles } from './task-files.ts';
import { TaskOutput } from './task-output.ts';

const nameOf = (path: string, metadata: Record<string, unknown> = {}) => new OutputPath({ path }).group(7, metadata);

describe('OutputPath', () => {
  it('puts in the task, the part, and metadata', () => {
    expect(new OutputPath({}).group(7, {})).toBe('documents/00007.jsonl.gz');
    expect(nameOf('by/${language}/${dump}-${rank}.jsonl', { language: 'de', dump: 3 })).toBe('by/de/3-00007.jsonl');
    const parts = new OutputPath({ fileBytes: 100 });
    expect(partOf(parts.group(7, {}), 12)).toBe('documents/00007-012.jsonl.gz');
    expect(partOf(nameOf('d/${part}/${rank}.jsonl'), 0)).toBe('d/000/00007.jsonl');
  });

  it.each([
    ['../../etc/passwd', 'd/__.._etc_passwd/00007.jsonl'],
    ['..', 'd/_/00007.jsonl'],
    ['a/b\\c', 'd/a_b_c/00007.jsonl'],
    [undefined, 'd/none/00007.jsonl'],
    ['', 'd/none/00007.jsonl'],
    [{ deep: 1 }, 'd/none/00007.jsonl'],
    ['中文', 'd/_/00007.jsonl'],
    ['x'.repeat(5000), `d/${'x'.repeat(80)}/00007.jsonl`],
  ])('lets the value %j lead nowhere else', (language, name) => {
    expect(nameOf('d/${language}/${rank}.jsonl', { language })).toBe(name);
  });

  it('does not take a value for what an object has anyway', () => {
    expect(nameOf('d/${constructor}/${rank}.jsonl')).toBe('d/none/00007.jsonl');
  });

  it('finds the task of a file', () => {
    const path = new OutputPath({ path: 'd/${language}/${rank}.jsonl.gz', fileBytes: 1 });
    expect(path.taskOf('d/en/00012-003.jsonl.gz')).toBe(12);
    expect(path.taskOf('d/en/123456-000.jsonl.gz')).toBe(123_456);
    for (const name of ['d/en/00012.jsonl.gz', 'd/a/b/00012-000.jsonl.gz', 'd/en/00012-000.jsonl', 'x'])
      expect(path.taskOf(name)).toBeUndefined();
  });

  it.each([
    ['documents/all.jsonl', 'must have ${rank}'],
    ['${rank}.jsonl', 'must have a folder'],
    ['../${rank}.jsonl', 'plain path'],
    ['/tmp/${rank}.jsonl', 'plain path'],
    ['stats/${rank}.jsonl', 'keeps for itself'],
    ['${language}/${rank}.jsonl', 'plain name'],
    ['documents/${rank}.xml', 'must end in'],
  ])('refuses %s', (path, message) => {
    expect(() => new OutputPath({ path })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});

describe('TaskOutput', () => {
  const document = (language: string) => ({ id: '1', text: 'a text', metadata: { language } });

  it('writes no more than ten thousand files', () => {
    const files = new TaskFiles(temporaryFolder());
    const output = TaskOutput.start(files, 0, { path: 'd/${language}-${rank}.jsonl' });
    const writeAll = () => {
      for (let index = 0; index < 20_000; index++) output.keep(document(`l${index}`));
    };
    expect(writeAll).toThrow(expect.objectContaining({ code: 'TOO_MANY_FILES' }));
  });

  it('closes a file when it is large enough, and begins no empty one', () => {
    const files = new TaskFiles(temporaryFolder());
    const output = TaskOutput.start(files, 0, { path: 'd/${rank}.jsonl', fileBytes: 1 });
    for (let index = 0; index < 3; index++) {
      output.keep(document('en'));
      output.flush();
      output.keep(document('en'));
    }
    output.finish();
    const sizes = output.save().files.map(({ name, bytes }) => [name, bytes > 0]);
    expect(sizes).toEqual([0, 1, 2, 3].map((part) => [`d/00000-00${part}.jsonl`, true]).slice(0, sizes.length));
    expect(readdirSync(files.partial(0, 'd'))).toHaveLength(sizes.length);
    expect(existsSync(files.final('d'))).toBe(false);
  });
});
