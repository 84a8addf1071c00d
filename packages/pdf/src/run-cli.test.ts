import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, it } from 'vitest';
import { makePdf } from './fixtures/make-pdf.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'smol-pdf-'));
const [hello, secret] = ['hello.pdf', 'secret.pdf'].map((name) => join(folder, name));

beforeAll(async () => {
  writeFileSync(hello, await makePdf((pdf) => pdf.text('Hello.'), { info: { Title: 'A greeting' } }));
  writeFileSync(secret, await makePdf((pdf) => pdf.text('Hush.'), { userPassword: 'geheim' }));
});

async function run(args: string[], input: Uint8Array = new Uint8Array()) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await runCli(args, { stdin: Readable.from([input]), stdout, stderr });
  stdout.end();
  stderr.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

it('prints the text of files and of standard input', async () => {
  expect(await run([hello, '-'], readFileSync(hello))).toEqual({ code: 0, stdout: 'Hello.\nHello.\n', stderr: '' });
});

it('prints documents as JSON Lines', async () => {
  const { stdout } = await run([hello, '--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    id: 'hello.pdf',
    text: 'Hello.',
    metadata: { title: 'A greeting', file_path: hello, page_count: 1 },
    blocks: [{ type: 'paragraph', page: 1 }],
    pages: [{ page: 1, route: 'text' }],
  });
});

it('names what it cannot read, does the rest, and exits with 1', async () => {
  const { code, stdout, stderr } = await run([secret, join(folder, 'none.pdf'), hello]);
  expect([code, stdout]).toEqual([1, 'Hello.\n']);
  expect(stderr).toMatch(/^smol-pdf: .*secret\.pdf: is encrypted.*\nsmol-pdf: .*none\.pdf: no such file.*\n$/);
});

it('takes a password', async () => {
  expect(await run([secret, '--password', 'geheim'])).toEqual({ code: 0, stdout: 'Hush.\n', stderr: '' });
});

it('writes a file, whole or not at all, and never over an input', async () => {
  const output = join(folder, 'out.txt');
  expect((await run([hello, '-o', output])).code).toBe(0);
  expect(readFileSync(output, 'utf8')).toBe('Hello.\n');
  expect(await run([hello, '-o', hello])).toMatchObject({ code: 1, stderr: expect.stringContaining('over an input') });
  const nowhere = join(folder, 'no', 'folder.txt');
  expect(await run([hello, '-o', nowhere])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${nowhere}: cannot be written`),
  });
  expect(existsSync(nowhere)).toBe(false);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
});

it.each([[[]], [['--nonsense', 'x']], [['-', '-']], [['x', '--ocr', 'maybe']]])(
  'exits with 2 when %j makes no sense',
  async (args) => {
    expect((await run(args)).code).toBe(2);
  },
);

it('has help and a version', async () => {
  expect((await run(['--help'])).stdout).toContain('Examples:\n  smol-pdf paper.pdf');
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
