import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';
import { ENGLISH, FRENCH, SIX_SENTENCES } from './sample-texts.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'quality-cli-'));
const path = (name: string) => join(folder, name);

function capture(): { stream: Writable; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({ write: (chunk, _, done) => done(void chunks.push(String(chunk))) });
  return { stream, text: () => chunks.join('') };
}

async function run(args: string[], input = '') {
  const [stdout, stderr] = [capture(), capture()];
  const streams = { stdin: Readable.from([Buffer.from(input)]), stdout: stdout.stream, stderr: stderr.stream };
  const code = await runCli(args, streams);
  return { code, out: stdout.text(), err: stderr.text() };
}

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const parse = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const good = `${SIX_SENTENCES.join('\n')} The people of the town have known that, and they agreed with the plan to go on with it.`;
const examples = Array.from({ length: 40 }, (_, index) => ({
  text: index % 2 ? `plants need light ${index}` : `win a prize ${index}`,
  score: index % 2 ? 5 : 0,
}));

describe('smol-quality check', () => {
  it('splits documents into kept and removed, and counts reasons', async () => {
    const rows = [
      { id: '1', text: good, metadata: { dump: 'x' } },
      { id: '2', text: FRENCH },
      { id: '3', text: SIX_SENTENCES.slice(0, 3).join(' ') },
    ];
    writeFileSync(path('pages.jsonl.gz'), gzipSync(jsonl(rows)));
    const { code, out, err } = await run([
      'check',
      path('pages.jsonl.gz'),
      '--output',
      path('kept.jsonl.gz'),
      '--removed',
      path('removed.jsonl'),
      '--json',
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      documents: 3,
      kept: 1,
      dropped: { 'language/language': 1, 'gopher-quality/gopher_short_doc': 1 },
    });
    const [kept] = parse(gunzipSync(readFileSync(path('kept.jsonl.gz'))).toString());
    expect(kept).toMatchObject({ id: '1', metadata: { dump: 'x', language: 'en' } });
    expect(parse(readFileSync(path('removed.jsonl'), 'utf8'))[1]).toMatchObject({
      id: '3',
      metadata: { filter: 'gopher-quality', filter_reason: 'gopher_short_doc', value: expect.any(Number), limit: 50 },
    });
  });

  it('is a filter between two pipes', async () => {
    const { code, out, err } = await run(
      ['check', '-', '--preset', 'fineweb-2024'],
      jsonl([{ text: good }, { text: ENGLISH }]),
    );
    expect(code).toBe(0);
    expect(parse(out)).toHaveLength(1);
    expect(err).toContain('documents: 2\nkept: 1\n');
  });

  it('takes FineWeb2’s rules of a language', async () => {
    const { code, err } = await run(
      ['check', '-', '--language-config', 'fra_Latn', '--language-label', 'fr'],
      jsonl([{ text: good }]),
    );
    expect({ code, err }).toEqual({ code: 0, err: 'documents: 1\nkept: 0\ndropped language/language: 1\n' });
  });
});

describe('smol-quality train, evaluate, score', () => {
  it('go from labelled texts to kept documents', async () => {
    writeFileSync(path('labelled.jsonl'), jsonl([...examples, { text: 'could not be scored', error: 'HTTP 500' }]));
    const trained = await run([
      'train',
      path('labelled.jsonl'),
      '--output',
      path('edu.bin'),
      '--buckets',
      '1000',
      '--epochs',
      '30',
      '--json',
    ]);
    expect(JSON.parse(trained.out)).toMatchObject({ examples: 40, kind: 'score' });

    const evaluated = await run(['evaluate', path('labelled.jsonl'), '--model', path('edu.bin')]);
    expect(evaluated.out).toMatch(/^40 examples\nat 3: F1 1\.000, precision 1\.000, recall 1\.000/);
    expect(evaluated.out).toContain('calibration error');

    const scored = await run(
      ['score', '-', '--model', path('edu.bin'), '--minimum', '3', '--key', 'edu'],
      jsonl([
        { id: 'a', text: 'plants need light' },
        { id: 'b', text: 'win a prize' },
      ]),
    );
    expect(parse(scored.out).map(({ id }) => id)).toEqual(['a']);
    expect(parse(scored.out)[0].metadata).toEqual({ edu: expect.any(Number) });
  });
});

describe('smol-quality label', () => {
  it('labels a file through an endpoint', async () => {
    const server = createServer(
      (_, response) =>
        void response.end(
          JSON.stringify({
            choices: [{ message: { content: 'score: 2' } }],
            usage: { prompt_tokens: 10, completion_tokens: 5 },
          }),
        ),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    writeFileSync(
      path('raw.jsonl'),
      jsonl([
        { id: 'a', text: 'x' },
        { id: 'b', text: 'y' },
      ]),
    );
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    const { code, out } = await run([
      'label',
      path('raw.jsonl'),
      '--endpoint',
      endpoint,
      '--model',
      'm',
      '--output',
      path('done.jsonl'),
      '--prompt-price',
      '1',
      '--completion-price',
      '2',
    ]);
    server.close();
    expect(code).toBe(0);
    expect(out).toContain('labelled: 2\nfailed: 0\ncost: 0.00004\nresumed: 0\n');
    expect(parse(readFileSync(path('done.jsonl'), 'utf8')).map(({ score }) => score)).toEqual([2, 2]);
  });
});

describe('smol-quality says what is wrong', () => {
  it.each<[number, RegExp, string[], string]>([
    [2, /expected a command .*, got none/, [], ''],
    [2, /expected a command .*, got bake/, ['bake'], ''],
    [2, /check: expected at least one input/, ['check'], ''],
    [2, /check: Unknown option '--wide'/, ['check', '-', '--wide'], ''],
    [2, /--epochs: expected a number, got "many"/, ['train', 'x', '--epochs', 'many'], ''],
    [2, /train: expected --output/, ['train', '-'], ''],
    [2, /label: expected one input file/, ['label', '-', '--output', 'x'], ''],
    [1, /nowhere\.jsonl: no such file/, ['check', '/nowhere.jsonl'], ''],
    [1, /standard input:2: expected a JSON object, got "not json"/, ['check', '-'], '{"text":""}\nnot json\n'],
    [1, /standard input:1: expected a "text", got none/, ['check', '-'], '{"id":1}\n'],
    [1, /preset: expected one of/, ['check', '-', '--preset', 'new'], ''],
    [1, /nowhere\.bin: expected a fastText \.bin model/, ['score', '-', '--model', '/nowhere.bin'], ''],
  ])('exit code %i: %s', async (code, message, args, input) => {
    const result = await run(args, input);
    expect(result.code).toBe(code);
    expect(result.err).toMatch(message);
  });

  it('leaves nothing half written, and never writes over an input', async () => {
    writeFileSync(path('bad.jsonl'), '{"text":"a"}\noops\n');
    expect((await run(['check', path('bad.jsonl'), '--output', path('half.jsonl')])).code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith('half'))).toEqual([]);
    expect((await run(['check', path('bad.jsonl'), '--output', path('bad.jsonl')])).err).toMatch(
      /is an input or another output/,
    );
  });

  it('helps', async () => {
    expect((await run(['--help'])).out).toMatch(/^Usage: smol-quality COMMAND/);
    expect((await run(['train', '--help'])).out).toContain('Examples:');
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
