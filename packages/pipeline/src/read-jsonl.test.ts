import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Document } from './document.ts';
import { collect, documentsOf, temporaryFolder } from './fixtures/temporary-folder.ts';
import { writeJsonl } from './jsonl-writer.ts';
import { readJsonl } from './read-jsonl.ts';
import type { Damage, JsonlOptions } from './read-jsonl.ts';

const folder = temporaryFolder();

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function readAll(path: string, options: JsonlOptions = {}): Promise<{ documents: Document[]; damage: Damage[] }> {
  const damage: Damage[] = [];
  const documents = await collect(readJsonl(path, { ...options, onDamage: (part) => damage.push(part) }));
  return { documents, damage };
}

describe('readJsonl', () => {
  it('reads back what writeJsonl wrote, compressed or not', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 50 });
    const document = fc.record({ id: text, text, metadata: fc.dictionary(fc.constantFrom('date', 'dump'), text) });
    await fc.assert(
      fc.asyncProperty(fc.array(document), fc.constantFrom('.jsonl', '.jsonl.gz'), async (documents, extension) => {
        const path = join(folder, `round-trip${extension}`);
        await writeJsonl(path, documents);
        expect(await collect(readJsonl(path))).toEqual(JSON.parse(JSON.stringify(documents)));
      }),
      { numRuns: 40 },
    );
  });

  it('reads what other tools write', async () => {
    const lines = [
      '{"text":"a","url":"http://x/","lang":"en","metadata":{"dump":"d"}}',
      '',
      ' \r',
      '{"text":"b","id":7}\r',
    ];
    const expected = [
      { id: 'other.jsonl:0', text: 'a', url: 'http://x/', metadata: { lang: 'en', dump: 'd' } },
      { id: '7', text: 'b', metadata: {} },
    ];
    expect(await collect(readJsonl(write('other.jsonl', `\uFEFF${lines.join('\n')}`)))).toEqual(expected);
    const named = gzipSync(`${lines.join('\n')}\n`);
    named[3] = 8 | 16 | 4;
    const fields = Buffer.concat([Buffer.from([3, 0, 1, 2, 3]), Buffer.from('other.jsonl\0a comment\0')]);
    const gzip = Buffer.concat([named.subarray(0, 10), fields, named.subarray(10)]);
    expect((await readAll(write('other.jsonl', gzip))).documents).toEqual(expected);
  });

  it('takes other fields for text and id', async () => {
    const path = write('fields.jsonl', '{"content":"a","key":"k","text":1}\n');
    const options = { textKey: 'content', idKey: 'key' };
    expect(await collect(readJsonl(path, options))).toEqual([{ id: 'k', text: 'a', metadata: { text: 1 } }]);
  });

  it('names what is wrong with a line, and reads the others', async () => {
    const good = '{"id":"g","text":"good"}\n';
    const long = `{"text":"${'x'.repeat(300)}"}\n`;
    const invalid = Buffer.concat([Buffer.from('{"text":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]);
    const parts = [
      good,
      '{"text": "cut',
      '\n',
      '[1]\n',
      'null\n',
      '{"text":5}\n',
      long,
      invalid,
      good,
      '{"text":"no end',
    ];
    const path = write('bad.jsonl', Buffer.concat(parts.map((part) => Buffer.from(part))));
    const { documents, damage } = await readAll(path, { maximumLineBytes: 100 });
    expect(documents.map(({ text }) => text)).toEqual(['good', 'good']);
    expect(damage.map(({ reason }) => reason)).toEqual([
      'damaged_line',
      'no_text',
      'no_text',
      'no_text',
      'line_too_long',
      'damaged_line',
      'damaged_line',
    ]);
    expect(damage[0].message).toContain(`line 2 at byte 25 of ${path} is not JSON`);
    expect(damage[4].message).toBe(`line 6 at byte 59 of ${path} is longer than 100 bytes`);
  });

  it('does not take in what is nested so deeply that it could not be written again', async () => {
    const deep = `{"text":"a","x":${'['.repeat(5000)}${']'.repeat(5000)}}\n`;
    const { documents, damage } = await readAll(write('deep.jsonl', `${deep}{"text":"b","x":[[1]]}\n`));
    expect(documents.map(({ text }) => text)).toEqual(['b']);
    expect(damage).toMatchObject([{ reason: 'nested_too_deeply', message: expect.stringContaining('line 1') }]);
  });

  it('stops at the first damage when nobody listens', async () => {
    const path = write('one-bad.jsonl', 'oops\n');
    const refused = expect.objectContaining({ code: 'DAMAGED_INPUT', message: expect.stringContaining(path) });
    await expect(collect(readJsonl(path))).rejects.toThrow(refused);
  });

  it.each([
    ['missing.jsonl', 'FILE_NOT_FOUND', () => {}],
    ['a-folder', 'READ_FAILED', () => mkdirSync(join(folder, 'a-folder'))],
  ])('refuses %s by name', async (name, code, prepare) => {
    prepare();
    const refused = expect.objectContaining({ code, message: expect.stringContaining(join(folder, name)) });
    await expect(collect(readJsonl(join(folder, name)))).rejects.toThrow(refused);
  });

  it('reads an empty file as no documents', async () => {
    expect(await collect(readJsonl(write('empty.jsonl', '')))).toEqual([]);
    expect(await collect(readJsonl(write('empty.jsonl.gz', '')))).toEqual([]);
    expect(await collect(readJsonl(write('empty-member.jsonl.gz', gzipSync(''))))).toEqual([]);
  });
});

describe('damaged gzip', () => {
  const members = Array.from({ length: 5 }, (_, member) => {
    const lines = Array.from(
      { length: 40 },
      (_, line) => `{"id":"${member}-${line}","text":"${member * line} words"}\n`,
    );
    return gzipSync(lines.join(''));
  });
  const idsOf = (documents: readonly Document[]) => new Set(documents.map(({ id }) => id.split('-')[0]));

  it('costs the damaged member and no other', async () => {
    const damaged = members.map((member) => Buffer.from(member));
    damaged[2].fill(0, 40, 60);
    const path = write('member.jsonl.gz', Buffer.concat(damaged));
    const { documents, damage } = await readAll(path);
    expect(documents.length).toBe(160);
    expect([...idsOf(documents)]).toEqual(['0', '1', '3', '4']);
    const offset = damaged[0].length + damaged[1].length;
    expect(damage).toEqual([
      {
        path,
        reason: 'damaged_gzip',
        message: expect.stringContaining(`member at byte ${offset} of ${path} is damaged`),
      },
    ]);
  });

  it('never lets a changed byte through, nor costs more than one member', async () => {
    const whole = Buffer.concat(members);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (position, change) => {
        const changed = Buffer.from(whole);
        changed[position] ^= change;
        const { documents, damage } = await readAll(write('changed.jsonl.gz', changed));
        const genuine = documents.filter(({ id, text }) => {
          const [member, line] = id.split('-').map(Number);
          return text === `${member * line} words`;
        });
        // A change in the first two bytes makes the file look like plain text, one in a time stamp or name nothing.
        const looksPlain = position < 2;
        expect(genuine.length === documents.length || looksPlain).toBe(true);
        expect(documents.length >= 160 || looksPlain).toBe(true);
        expect(documents.length === 200 || damage.length > 0).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('of a file cut anywhere keeps the whole members and reports the cut', async () => {
    const whole = Buffer.concat(members);
    const ends = members.map((_, index) => Buffer.concat(members.slice(0, index + 1)).length);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: whole.length - 1 }), async (length) => {
        const { documents, damage } = await readAll(write('cut.jsonl.gz', whole.subarray(0, length)));
        const complete = ends.filter((end) => end <= length).length;
        expect(documents.length).toBe(complete * 40);
        expect(damage.length > 0).toBe(!ends.includes(length));
      }),
      { numRuns: 60 },
    );
  });

  it('survives garbage of any kind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        await readAll(write('garbage.jsonl.gz', bytes));
        await readAll(write('garbage.jsonl.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), bytes])));
        const { documents } = await readAll(write('garbage.jsonl.gz', Buffer.concat([members[0], bytes, members[1]])));
        expect(documents.length).toBeGreaterThanOrEqual(40);
      }),
      { numRuns: 60 },
    );
  });

  it('does not fill the memory when a small file holds a huge line', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x61), { level: 1 });
    const path = write('bomb.jsonl.gz', Buffer.concat([bomb, gzipSync('\n{"text":"after"}\n')]));
    expect(readFileSync(path).length).toBeLessThan(2 * 1024 * 1024);
    const before = process.memoryUsage.rss();
    const { documents, damage } = await readAll(path, { maximumLineBytes: 1024 * 1024 });
    expect(documents).toEqual([{ id: `bomb.jsonl.gz:${bomb.length}:1`, text: 'after', metadata: {} }]);
    expect(damage.map(({ reason }) => reason)).toEqual(['line_too_long']);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
  });

  it('is read to the end when one member is large', async () => {
    const documents = documentsOf(...Array.from({ length: 300 }, (_, index) => `${index} `.repeat(40_000)));
    const text = documents.map((document) => `${JSON.stringify(document)}\n`).join('');
    expect(text.length).toBeGreaterThan(32 * 1024 * 1024);
    expect(await collect(readJsonl(write('large.jsonl.gz', gzipSync(text, { level: 1 }))))).toEqual(documents);
  });
});
