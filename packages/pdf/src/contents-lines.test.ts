import { expect, it } from 'vitest';
import { isContentsLine, withoutLeaders } from './contents-lines.ts';

it.each([
  ['1.1 What is Debian? . . . . . . . . 7', '1.1 What is Debian?'],
  ['Preface ........................ xii', 'Preface'],
  ['Глава 2…………………12', 'Глава 2'],
])('knows a line of a table of contents: %s', (line, title) => {
  expect(isContentsLine(line)).toBe(true);
  expect(withoutLeaders(line)).toBe(title);
});

it.each(['And then... nothing.', '0.99 ........ 160 176', 'See section 4.', '. . . .'])(
  'leaves other lines: %s',
  (line) => {
    expect(isContentsLine(line)).toBe(false);
  },
);

it('takes no time over lines made to slow it down', () => {
  const start = performance.now();
  for (const line of ['. '.repeat(50_000), `a${' .'.repeat(195)} x`, `${'a'.repeat(390)} ...`]) isContentsLine(line);
  expect(performance.now() - start).toBeLessThan(500);
});
