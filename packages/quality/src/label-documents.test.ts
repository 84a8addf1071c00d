import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { labelDocuments, type LabelledDocument, type LabelOptions, type LabelUsage } from './label-documents.ts';
import { labelFile } from './label-file.ts';
import { educationalPrompt, parseScore } from './label-prompt.ts';

interface Question {
  model: string;
  temperature: number;
  messages: { role: string; content: string }[];
}

let server: Server;
const seen: { question: Question; authorization?: string }[] = [];

/** A real server that speaks chat completions; `answer` may answer by itself. */
async function serve(
  answer: (question: Question, count: number, response: ServerResponse) => string | undefined,
): Promise<string> {
  seen.length = 0;
  server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const question = JSON.parse(body) as Question;
    seen.push({ question, authorization: request.headers.authorization });
    const content = answer(question, seen.length, response);
    if (content === undefined) return;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ choices: [{ message: { content } }], usage: { prompt_tokens: 100, completion_tokens: 10 } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);

const textOf = ({ messages }: Question) => /<extract>\n([\s\S]*)\n<\/extract>/.exec(messages[0].content)![1];
const documents = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), text: `text ${index}` }));

async function label(options: Partial<LabelOptions> & { baseUrl: string }, list = documents(5)) {
  const results: LabelledDocument[] = [];
  let usage: LabelUsage | undefined;
  const labels = labelDocuments(list, { model: 'm', backoffSeconds: 0.01, ...options });
  for (let next = await labels.next(); ; next = await labels.next()) {
    if (next.done) {
      usage = next.value;
      break;
    }
    results.push(next.value);
  }
  return { results, usage };
}

describe('labelDocuments', () => {
  it('asks for every text and counts what it took', async () => {
    const baseUrl = await serve((question) => `It is fine.\nEducational score: ${textOf(question).at(-1)}`);
    const { results, usage } = await label({ baseUrl, apiKey: 'secret', prices: { prompt: 2, completion: 10 } });
    expect(results[3]).toEqual({
      id: '3',
      text: 'text 3',
      score: 3,
      answer: 'It is fine.\nEducational score: 3',
      labelled_by: 'm',
    });
    expect(usage).toEqual({
      requests: 5,
      retries: 0,
      promptTokens: 500,
      completionTokens: 50,
      labelled: 5,
      failed: 0,
      cost: 0.0015,
    });
    expect(seen[0].authorization).toBe('Bearer secret');
    expect(seen[0].question).toMatchObject({ model: 'm', temperature: 0, messages: [{ role: 'user' }] });
    expect(JSON.stringify(results)).not.toContain('secret');
  });

  it('keeps the order of the input, with no more questions under way than allowed', async () => {
    let open = 0;
    let most = 0;
    const baseUrl = await serve((question, _, response) => {
      most = Math.max(most, ++open);
      const index = Number(textOf(question).slice(5));
      setTimeout(
        () => {
          open--;
          response.end(JSON.stringify({ choices: [{ message: { content: `Score: ${index % 6}` } }] }));
        },
        (7 * index) % 30,
      );
      return undefined;
    });
    const { results, usage } = await label({ baseUrl, concurrency: 4 }, documents(24));
    expect(results.map(({ id }) => Number(id))).toEqual(Array.from({ length: 24 }, (_, index) => index));
    expect(most).toBe(4);
    expect(usage).toMatchObject({ labelled: 24, promptTokens: 0 });
  });

  it('tries again after errors that pass, waiting as told', async () => {
    const baseUrl = await serve((_, count, response) => {
      if (count === 1) response.writeHead(429, { 'retry-after': '0' }).end('slow down');
      else if (count === 2) response.writeHead(503).end();
      else if (count === 3) response.destroy();
      else if (count === 4) response.end('not JSON');
      else if (count === 5) return 'I would rather not say.';
      else return 'Educational score: **4**';
      return undefined;
    });
    const { results, usage } = await label({ baseUrl, attempts: 6 }, documents(1));
    expect(results[0]).toMatchObject({ score: 4 });
    expect(usage).toMatchObject({ requests: 6, retries: 5, labelled: 1 });
  });

  it('gives a text up with the reason when nothing helps, and goes on with the next', async () => {
    const baseUrl = await serve((question) => (textOf(question) === 'text 2' ? 'no idea' : 'score: 1'));
    const { results, usage } = await label({ baseUrl, attempts: 2 });
    expect(results[2]).toEqual({
      id: '2',
      text: 'text 2',
      error: expect.stringContaining('no score in the answer "no idea"'),
    });
    expect(usage).toMatchObject({ labelled: 4, failed: 1, requests: 6 });
  });

  it('does not repeat a refusal, and stops when nothing works from the start', async () => {
    const baseUrl = await serve((_, __, response) => void response.writeHead(401).end('bad key'));
    await expect(label({ baseUrl, concurrency: 2 })).rejects.toThrow(
      /the first 2 texts all failed; the last: .*HTTP 401: bad key/,
    );
    expect(seen.length).toBeLessThan(6);
  });

  it('ends a wait that is too long', async () => {
    const baseUrl = await serve(() => undefined);
    const start = performance.now();
    await expect(label({ baseUrl, concurrency: 1, attempts: 1, timeoutSeconds: 0.1 }, documents(1))).rejects.toThrow(
      /ENDPOINT|failed/,
    );
    expect(performance.now() - start).toBeLessThan(5000);
  });

  it('refuses an answer without end', async () => {
    const baseUrl = await serve((_, __, response) => void response.end('x'.repeat(5 << 20)));
    await expect(label({ baseUrl, concurrency: 1 }, documents(1))).rejects.toThrow(/more than 4194304 bytes/);
  });

  it('cuts long texts without halving a character', async () => {
    const baseUrl = await serve(() => 'score: 0');
    await label({ baseUrl, maximumCharacters: 4 }, [{ id: '0', text: 'abc😀def' }]);
    expect(textOf(seen[0].question)).toBe('abc');
  });
});

describe('labelFile', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'quality-label-'));
  const lines = (path: string) =>
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; score: number });

  it('goes on where it was stopped, and gives the same file', async () => {
    const home = folder();
    const input = join(home, 'in.jsonl');
    writeFileSync(
      input,
      documents(20)
        .map((row) => `${JSON.stringify({ ...row, url: 'u' })}\n`)
        .join(''),
    );
    const baseUrl = await serve((question) => `score: ${Number(textOf(question).slice(5)) % 6}`);
    const options = { baseUrl, model: 'm', concurrency: 3 };
    await labelFile(input, join(home, 'whole.jsonl'), options);

    const output = join(home, 'out.jsonl');
    const controller = new AbortController();
    const stop = labelFile(input, output, {
      ...options,
      signal: controller.signal,
      onProgress: ({ labelled }) => labelled === 7 && controller.abort(new Error('stopped')),
    });
    await expect(stop).rejects.toThrow('stopped');
    expect(existsSync(output)).toBe(false);
    appendFileSync(`${output}.partial`, '{"id":"half a li');
    const report = await labelFile(input, output, options);
    expect(report.resumed).toBeGreaterThanOrEqual(6);
    expect(report.requests).toBe(20 - report.resumed);
    expect(readFileSync(output, 'utf8')).toBe(readFileSync(join(home, 'whole.jsonl'), 'utf8'));
    expect(lines(output)[4]).toMatchObject({ id: '4', url: 'u', score: 4 });
    expect(existsSync(`${output}.partial`)).toBe(false);
  });

  it('refuses to mix the answers of two models', async () => {
    const home = folder();
    const input = join(home, 'in.jsonl');
    writeFileSync(input, '{"text":"a"}\n{"no":"text"}\n');
    const baseUrl = await serve(() => 'score: 1');
    const output = join(home, 'out.jsonl');
    await expect(labelFile(input, output, { baseUrl, model: 'm' })).rejects.toThrow(/in\.jsonl:2: expected a "text"/);
    await expect(labelFile(input, output, { baseUrl, model: 'other' })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
    });
  });
});

describe('the prompt', () => {
  it('holds the text, the five steps and the form of the answer', () => {
    const prompt = educationalPrompt('THE TEXT');
    expect(prompt).toContain('<extract>\nTHE TEXT\n</extract>');
    for (const step of [1, 2, 3, 4, 5]) expect(prompt).toContain(`\n${step}. `);
    expect(prompt).toMatch(/Educational score: <total points>$/);
  });

  it.each([
    ['Educational score: 3', 3],
    ['**Educational score:** 4', 4],
    ['score: 1 … no, Educational score: 2', 2],
    ['Educational score: 0.', 0],
    ['Educational score: 7', undefined],
    ['three', undefined],
    ['', undefined],
  ])('reads %j as %j', (answer, score) => expect(parseScore(answer)).toBe(score));
});
