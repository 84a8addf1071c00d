import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

it('prints Markdown of files and of standard input', async () => {
  const { code, stdout, stderr } = await run(['extract', hello, '-'], readFileSync(hello));
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'Hello.\nHello.\n', stderr: '' });
});

it('prints documents as JSON Lines', async () => {
  for (const flag of [['--json'], ['--format', 'json']]) {
    const { stdout } = await run(['extract', hello, ...flag]);
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'hello.pdf',
      text: 'Hello.',
      metadata: { title: 'A greeting', file_path: hello, page_count: 1, is_truncated: false, repairs: [] },
      blocks: [{ type: 'paragraph', page: 1 }],
      pages: [{ page: 1, route: 'text', confidence: 100, garbled: 0, repairs: [] }],
    });
  }
});

it('lists what it cannot read in a table, does the rest, and exits with 1', async () => {
  const none = join(folder, 'none.pdf');
  const { code, stdout, stderr } = await run(['extract', secret, none, hello]);
  expect([code, stdout]).toEqual([1, 'Hello.\n']);
  const [head, columns, ...rows] = stderr.trim().split('\n');
  expect([head, columns]).toEqual(['smol-pdf: 2 of 3 files could not be read', expect.stringMatching(/^file +error +what is wrong$/)]); // prettier-ignore
  expect(rows).toEqual([
    expect.stringMatching(/secret\.pdf +ENCRYPTED +is encrypted and needs/),
    expect.stringMatching(/none\.pdf +FILE_NOT_FOUND +no such file/),
  ]);
});

it('takes a password', async () => {
  expect(await run(['extract', secret, '--password', 'geheim'])).toEqual({ code: 0, stdout: 'Hush.\n', stderr: '' });
});

it('takes pages', async () => {
  const pages = join(folder, 'pages.pdf');
  const words = ['One.', 'Two.', 'Three.', 'Four.', 'Five.'];
  writeFileSync(pages, await makePdf((pdf) => words.forEach((word, at) => (at > 0 ? pdf.addPage() : pdf).text(word))));
  expect((await run(['extract', pages, '--pages', '2-3,5', '--format', 'text'])).stdout).toBe(
    'Two.\n\nThree.\n\nFive.\n',
  );
  expect(await run(['extract', pages, '--pages', '9'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('1 to 5'),
  });
});

it('writes a file per input into a folder, each whole or not at all', async () => {
  const output = join(folder, 'out', 'texts');
  expect((await run(['extract', hello, '-', '-o', output], readFileSync(hello))).code).toBe(0);
  expect(readdirSync(output).sort()).toEqual(['hello.md', 'standard-input.md']);
  expect(readFileSync(join(output, 'hello.md'), 'utf8')).toBe('Hello.\n');
  const blocked = join(hello, 'texts');
  expect(await run(['extract', hello, '-o', blocked])).toMatchObject({ code: 1, stderr: expect.stringContaining('cannot be written') }); // prettier-ignore
  expect(readFileSync(hello).length).toBeGreaterThan(500);
});

it('refuses to write two inputs to one file', async () => {
  expect(await run(['extract', hello, hello, '-o', join(folder, 'twice')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('two inputs would be written to'),
  });
});

it('says how pages would be read, and why', async () => {
  const mixed = join(folder, 'mixed.pdf');
  writeFileSync(mixed, await makePdf((pdf) => pdf.text('Hello there.').addPage().rect(50, 50, 100, 100).fill()));
  const { code, stdout } = await run(['inspect', mixed]);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    `${mixed}: 2 pages`,
    'page  route  characters  fonts  images  garbled  why',
    '1     text   12          1      0 %     0 %      the page has text',
    '2     empty  0           0      0 %     0 %      the page has no text',
    '',
  ]);
  const { stdout: json } = await run(['inspect', mixed, '--json', '--page', '2']);
  expect(JSON.parse(json)).toMatchObject({ id: mixed, route: 'text', pages: [{ page: 2, features: { paths: 1 } }] });
  expect(await run(['inspect', join(folder, 'none.pdf')])).toMatchObject({ code: 1, stdout: '' });
});

it.each([
  [[]],
  [['extract']],
  [['paper.pdf']],
  [['extract', '--nonsense', 'x']],
  [['extract', '-', '-']],
  [['extract', 'x', '--ocr', 'maybe']],
  [['extract', 'x', '--format', 'docx']],
  [['extract', 'x', '--pages', '5-1']],
  [['extract', 'x', '--pages', '0']],
  [['render', 'x', 'y']],
])('exits with 2 when %j makes no sense', async (args) => {
  expect((await run(args)).code).toBe(2);
});

it('has help and a version', async () => {
  expect((await run(['--help'])).stdout).toContain('Examples:\n  smol-pdf extract paper.pdf');
  expect((await run(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

it('draws a page with its blocks', async () => {
  const picture = join(folder, 'page.png');
  expect(await run(['render', hello, '--page', '1', '--output', picture])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(picture).subarray(1, 4).toString()).toBe('PNG');
  expect(await run(['render', hello, '--page', '7'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('page'),
  });
  expect((await run(['render', hello, '--pages', '1-2'])).code).toBe(2);
});
