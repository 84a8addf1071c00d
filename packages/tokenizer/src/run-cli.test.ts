import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import corpus from './fixtures/corpus.json' with { type: 'json' };
import { runCli } from './run-cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

async function cli(args: string[], input = ''): Promise<Outcome> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(args, { stdin: Readable.from([Buffer.from(input)]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

async function trained(): Promise<string> {
  const out = join(folder, 'tokenizer');
  await writeFile(join(folder, 'a.txt'), corpus.texts[0]);
  await cli(['train', join(folder, 'a.txt'), '-n', '500', '-o', out]);
  return out;
}

describe('smol-tokenizer', () => {
  it('trains, encodes, decodes and counts', async () => {
    const out = await trained();
    const encoded = await cli(['encode', '-t', out], 'Call me Ishmael. 😀');
    expect(encoded.stdout).toMatch(/^\d+( \d+)*\n$/);
    expect(await cli(['decode', '-t', out], encoded.stdout)).toEqual({
      code: 0,
      stdout: 'Call me Ishmael. 😀',
      stderr: '',
    });
    const counted = await cli(['count', '-t', out], 'Call me Ishmael. 😀');
    expect(counted.stdout).toBe(`-\t${encoded.stdout.trim().split(' ').length}\n`);
  });

  it('reads documents from JSON Lines, plain and compressed', async () => {
    const out = await trained();
    const lines = '{"text":"to be"}\n\n{"text":"or not"}\n';
    await writeFile(join(folder, 'd.jsonl'), lines);
    await writeFile(join(folder, 'e.jsonl.gz'), gzipSync(lines));
    const { stdout } = await cli(['encode', '--json', '-t', out, join(folder, 'd.jsonl'), join(folder, 'e.jsonl.gz')]);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).source.replace(folder, '')),
    ).toEqual(['/d.jsonl, line 1', '/d.jsonl, line 3', '/e.jsonl.gz, line 1', '/e.jsonl.gz, line 3']);
  });

  it('counts a file a line, and documents together', async () => {
    const out = await trained();
    const [documents, text] = [join(folder, 'd.jsonl'), join(folder, 'e.txt')];
    await writeFile(documents, '{"text":"qq"}\n{"text":"z"}\n');
    await writeFile(text, 'z');
    expect((await cli(['count', '-t', out, documents, text])).stdout).toBe(`${documents}\t3\n${text}\t1\n`);
    expect((await cli(['count', '--json', '-t', out, text])).stdout).toBe(
      `${JSON.stringify({ file: text, tokens: 1 })}\n`,
    );
  });

  it('writes the ids of each file on a line, and decodes such lines', async () => {
    const out = await trained();
    const [first, second] = [join(folder, 'a b.txt'), join(folder, 'c.txt')];
    await writeFile(first, 'one\ntwo\n');
    await writeFile(second, 'three 😀');
    const { stdout } = await cli(['encode', '--tokenizer', out, first, second]);
    expect(stdout.split('\n').map((line) => /^\d+( \d+)*$/.test(line))).toEqual([true, true, false]);
    expect((await cli(['decode', '--tokenizer', out, '-'], stdout)).stdout).toBe('one\ntwo\nthree 😀');
    const inThreads = await cli(['encode', '--tokenizer', out, '--workers', '2', first, second]);
    expect(inThreads.stdout).toBe(stdout);
  });

  it('takes special tokens for text unless told otherwise', async () => {
    const out = await trained();
    expect((await cli(['encode', '-t', out, '--allow-special'], '<|endoftext|>')).stdout).toBe('0\n');
    expect((await cli(['encode', '-t', out], '<|endoftext|>')).stdout).not.toBe('0\n');
  });

  it('knows the encodings of tiktoken', async () => {
    expect((await cli(['encode', '-t', 'r50k_base', '--json'], 'hello world')).stdout).toBe(
      '{"source":"-","ids":[31373,995]}\n',
    );
  });

  it('says when fewer tokens came out than were wanted', async () => {
    const { code, stdout, stderr } = await cli(['train', '-', '-n', '900', '-o', join(folder, 't'), '--json'], 'ab');
    expect([code, JSON.parse(stdout).vocabularySize]).toEqual([0, 258]);
    expect(stderr).toContain('258 tokens instead of 900');
  });

  it('does not write over a tokenizer', async () => {
    const out = await trained();
    const { code, stderr } = await cli(['train', '-', '-o', out], 'ab');
    expect([code, stderr]).toEqual([
      1,
      `smol-tokenizer: ${out} holds a tokenizer already; name another folder, or remove it\n`,
    ]);
  });

  it('helps, and names its version', async () => {
    expect((await cli(['--help'])).stdout).toContain('Examples');
    expect((await cli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [[], 'a command is missing'],
    [['sing'], 'unknown command "sing"'],
    [['count', '--loud'], '--loud'],
    [['count'], 'count needs --tokenizer'],
    [['train'], 'train needs --output'],
    [['train', '-o', 'x', '-n', 'many'], '--vocab-size must be a whole number, got "many"'],
  ])('exits 2 for %j', async (args, message) => {
    const { code, stdout, stderr } = await cli(args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each([
    [['count', '-t', 'nowhere'], '', 'nowhere/tokenizer.json: no such file'],
    [['count', '-t', 'r50k_base', 'absent.txt'], '', 'absent.txt: no such file'],
    [['count', '-t', 'r50k_base', 'absent.jsonl.gz'], '', 'absent.jsonl.gz: no such file'],
    [['decode', '-t', 'r50k_base'], '1 2 x', '-: "x" is not a token id'],
    [['decode', '-t', 'r50k_base'], '99999999', 'there is no token 99999999'],
    [['train', '-', '-o', 'never', '--pattern', '('], '', '--pattern'],
  ])('exits 1 for %j', async (args, input, message) => {
    const { code, stderr } = await cli(args, input);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(' at ');
  });

  it('names the line that is no document', async () => {
    await writeFile(join(folder, 'bad.jsonl'), '{"text":"a"}\n{"text":1}\n');
    const { code, stderr } = await cli(['count', '-t', 'r50k_base', join(folder, 'bad.jsonl')]);
    expect([code, stderr]).toEqual([1, `smol-tokenizer: ${folder}/bad.jsonl, line 2: has no string field "text"\n`]);
  });
});
