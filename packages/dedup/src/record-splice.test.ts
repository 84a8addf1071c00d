import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spliceRecord } from './record-splice.ts';

const splice = (line: string, change: Parameters<typeof spliceRecord>[1]) =>
  spliceRecord(Buffer.from(line), change).toString();

describe('spliceRecord', () => {
  it('leaves every byte but those of the change', () => {
    const line = '{"n": 1.0e2, "big":12345678901234567890,"u":"\\u00e9\\/" ,\t"metadata" : { "a":1.50 } , "text":"x"} ';
    expect(splice(line, { metadata: { b: 2 } })).toBe(line.replace('1.50 }', '1.50 ,"b":2}'));
    expect(splice(line, { fields: { text: 'y' }, metadata: {} })).toBe(line.replace('"x"', '"y"'));
  });

  it('makes metadata where there is none, and does not throw away what is no object', () => {
    expect(splice('{"text":"x"}', { metadata: { a: 1 } })).toBe('{"text":"x","metadata":{"a":1}}');
    expect(splice('{ }', { metadata: { a: 1 } })).toBe('{ "metadata":{"a":1}}');
    expect(splice('{"metadata":null}', { metadata: { a: 1 } })).toBe('{"metadata":{"a":1}}');
    expect(splice('{"metadata":"mine"}', { metadata: { a: 1 } })).toBe('{"metadata":"mine","dedup":{"a":1}}');
    expect(splice('{"metadata":{}}', { metadata: { a: 1 } })).toBe('{"metadata":{"a":1}}');
  });

  it('replaces what is there, and takes of a key that is there twice the one that JSON.parse takes', () => {
    expect(splice('{"metadata":{"a":1,"c":3}}', { metadata: { a: 2 } })).toBe('{"metadata":{"a":2,"c":3}}');
    expect(splice('{"text":1,"text":2}', { fields: { text: 3 }, metadata: {} })).toBe('{"text":1,"text":3}');
  });

  it('does what reading, changing and writing would do, for any record and any spaces', () => {
    const record = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(record, fc.string(), fc.integer({ min: 0, max: 3 }), (object, text, indent) => {
        const line = JSON.stringify(object, null, indent);
        const changed = JSON.parse(splice(line, { fields: { text }, metadata: { reason: 'r' } })) as object;
        const { metadata } = object as { metadata?: unknown };
        const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
        const key = isObject || metadata === undefined || metadata === null ? 'metadata' : 'dedup';
        const expected = { ...object, text, [key]: { ...(isObject ? metadata : {}), reason: 'r' } };
        expect(changed).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});
