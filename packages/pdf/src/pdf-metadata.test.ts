import { expect, it } from 'vitest';
import { parsePdfDate } from './pdf-metadata.ts';

it.each([
  ["D:20240506070809+02'00'", '2024-05-06T07:08:09+02:00'],
  ['D:20240506070809Z', '2024-05-06T07:08:09Z'],
  ['D:20240506070809', '2024-05-06T07:08:09'],
  ["20240506070809-05'30", '2024-05-06T07:08:09-05:30'],
  ['D:2024', '2024'],
  ['D:202405', '2024-05'],
  ['D:20241399', undefined],
  ['yesterday', undefined],
  ['', undefined],
])('the date %j is %j', (text, expected) => expect(parsePdfDate(text)).toBe(expected));
