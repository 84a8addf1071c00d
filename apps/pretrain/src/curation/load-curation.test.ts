import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CurationFolder } from './curation-folder.ts';
import { curationJsonSchema } from './curation-schema.ts';
import { findDumps } from './dump-inputs.ts';
import { loadCuration, parseCuration } from './load-curation.ts';
import { trainQuality } from './train-quality.ts';

const recipes = join(import.meta.dirname, '../../recipes');
const fineweb = readFileSync(join(recipes, 'fineweb.yaml'), 'utf8');
const lineOf = (text: string) => fineweb.split('\n').findIndex((line) => line.startsWith(text)) + 1;

describe('curation recipes', () => {
  it.each(['fineweb', 'fineweb-edu', 'finepdfs'])('%s, which comes along, is valid', (name) => {
    expect(loadCuration(join(recipes, `${name}.yaml`)).curation.name).toBe(name);
  });

  it('fill in FineWeb’s values', () => {
    const { preset, languageThreshold, dedup, output, quality } = parseCuration(
      '{ name: x, dumps: { a: [b] }, languages: [en] }',
      'x',
    );
    expect({ preset, languageThreshold, dedup, quality }).toEqual({
      preset: 'fineweb-head',
      languageThreshold: 0.65,
      dedup: 'fineweb',
      quality: undefined,
    });
    expect(output.format).toBe('parquet');
  });

  it.each([
    ['preset: fineweb-head', 'preset: fineweb-2023', 'preset: ', 'preset: '],
    ['dedup: fineweb', 'dedup: all', 'dedup: ', 'dedup: '],
    ['onDamage: skip', 'onDammage: skip', 'onDamage', 'Unrecognized key: "onDammage"'],
    ['  lists: []', '  list: []', '  lists', 'urls: Unrecognized key: "list"'],
    ['redactPii: true', 'quality: { minimum: 3 }', 'redactPii', 'quality: needs model or labelled, and not both'],
    ['redactPii: true', 'quality: { model: a, labelled: b }', 'redactPii', 'not both'],
  ])('refuse %s → %s, naming file and line', (from, to, at, message) => {
    const read = () => parseCuration(fineweb.replace(from, to), 'mine.yaml');
    expect(read).toThrow('recipe mine.yaml cannot be used');
    expect(read).toThrow(`line ${lineOf(at)}: `);
    expect(read).toThrow(message);
  });

  it('refuse a crawl that is none', () => {
    expect(() => parseCuration('{ name: x, dumps: {}, languages: [en] }', 'x')).toThrow('there is no crawl in it');
    expect(() => parseCuration('{ name: x, dumps: { ../a: [b] }, languages: [en] }', 'x')).toThrow('dumps');
    expect(() => parseCuration('- [', 'x')).toThrow('x is not valid YAML');
  });

  it('have a JSON Schema that knows every key', () => {
    const { properties, additionalProperties } = curationJsonSchema() as {
      properties: object;
      additionalProperties: boolean;
    };
    expect(Object.keys(properties)).toEqual(expect.arrayContaining(['dumps', 'urls', 'quality', 'output']));
    expect(additionalProperties).toBe(false);
  });
});

describe('what a curation reads', () => {
  const folder = mkdtempSync(join(tmpdir(), 'curation-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const curation = parseCuration('{ name: x, dumps: { one: ["*.warc"], two: [b.warc] }, languages: [en] }', 'x');

  it('is the recipe’s crawls, or what the command line names', () => {
    for (const name of ['a.warc', 'b.warc']) writeFileSync(join(folder, name), '');
    const found = findDumps(curation, folder).map(({ name, inputs }) => [name, inputs.map((path) => path.slice(-6))]);
    expect(found).toEqual([
      ['one', ['a.warc', 'b.warc']],
      ['two', ['b.warc']],
    ]);
    const [mine, ...more] = findDumps(curation, folder, { paths: [join(folder, 'b.warc')], dump: 'mine' });
    expect([mine, more]).toEqual([{ name: 'mine', inputs: [join(folder, 'b.warc')] }, []]);
    expect(findDumps(curation, folder, { paths: [join(folder, 'a.warc')] })[0].name).toBe('one');
  });

  it.each([
    ['none.jsonl', undefined, /there is no file .*none\.jsonl/],
    ['bad.jsonl', '{"text": "a", "score": 3}\n{"text": "b"}', /bad\.jsonl, line 2: expected \{"text"/],
    ['high.jsonl', '{"text": "a", "score": 6}', /line 1: expected .*0 to 5\}, got/],
    ['text.jsonl', 'no JSON', /line 1: expected/],
    ['empty.jsonl', '\n\n', /has no labelled text/],
  ])('refuses the labels in %s', async (name, content, message) => {
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const learning = trainQuality(join(folder, name), new CurationFolder(folder), { minimum: 3, epochs: 5 });
    await expect(learning).rejects.toThrow(message);
  });
});
