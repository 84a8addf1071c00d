import { describe, expect, it } from 'vitest';
import { UsageError, parseCliArguments } from './cli-arguments.ts';

describe('parseCliArguments', () => {
  it('reads files and settings', () => {
    const args =
      'a.jsonl b.jsonl -o out.jsonl --preset finepdfs --bands 20 --shingle-size 3 --exact compact --json'.split(' ');
    expect(parseCliArguments(args)).toEqual({
      inputs: ['a.jsonl', 'b.jsonl'],
      output: 'out.jsonl',
      removed: undefined,
      report: undefined,
      json: true,
      quiet: false,
      options: { exact: 'compact', near: { preset: 'finepdfs', bands: 20, shingleSize: 3 } },
    });
  });

  it('knows what to do without near or exact duplicates', () => {
    expect(parseCliArguments(['a', '--no-near'])).toMatchObject({ options: { exact: 'text', near: false } });
    expect(parseCliArguments(['a', '--exact', 'none'])).toMatchObject({ options: { exact: false, near: {} } });
  });

  it.each([
    [[], 'no input file'],
    [['--what'], 'Unknown option'],
    [['-', '-'], '- can be given only once'],
    [['a', '--bands', 'x'], '--bands must be an integer, got "x"'],
    [['a', '--exact', 'url'], '--exact must be one of text, compact, normalized, none, got "url"'],
    [['a', '--no-near', '--exact', 'none'], 'nothing to do'],
    [['a', '--no-near', '--rows', '3'], 'leaves nothing for --rows to do'],
    [['a', '--json', '-o', '-'], 'both want standard output'],
  ])('refuses %j', (args, message) => {
    expect(() => parseCliArguments(args)).toThrow(UsageError);
    expect(() => parseCliArguments(args)).toThrow(message);
  });
});
