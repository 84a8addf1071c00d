import { expect, it } from 'vitest';
import type { Fragment } from './fragment.ts';
import { removeRunningHeads } from './running-heads.ts';

function fragment(text: string, baseline: number): Fragment {
  const [top, bottom] = [baseline - 8, baseline + 2];
  return { text, left: 72, right: 72 + text.length * 5, top, bottom, baseline, size: 10, bold: false, hidden: false };
}

/** What is left on pages whose lines `draw` gives as [text, height]. */
function remaining(pageCount: number, draw: (page: number) => [string, number][]): string[][] {
  const pages = Array.from({ length: pageCount }, (_, page) => ({
    height: 800,
    fragments: draw(page).map(([text, baseline]) => fragment(text, baseline)),
  }));
  removeRunningHeads(pages);
  return pages.map(({ fragments }) => fragments.map(({ text }) => text));
}

const letter = (page: number) => String.fromCodePoint(97 + page).repeat(4);

it('takes what repeats on left and right pages', () => {
  const heads = ['Left head', 'Right head'];
  expect(
    remaining(8, (page) => [
      [heads[page % 2], 40],
      [letter(page), 400],
    ]),
  ).toEqual(Array.from({ length: 8 }, (_, page) => [letter(page)]));
});

it('takes Roman and Arabic page numbers', () => {
  const numbers = ['i', 'ii', 'iii', 'iv', '5', '6', '7', '8'];
  expect(
    remaining(8, (page) => [
      [letter(page), 400],
      [numbers[page], 760],
    ]).flat(),
  ).toEqual(Array.from({ length: 8 }, (_, page) => letter(page)));
});

it('takes the numbers of a document of two pages', () => {
  expect(
    remaining(2, (page) => [
      [letter(page), 400],
      [`- ${page + 7} -`, 760],
    ]),
  ).toEqual([['aaaa'], ['bbbb']]);
});

it('keeps what repeats in the middle of the page, at different heights, or on too few pages', () => {
  const draw = (page: number): [string, number][] => [
    [page < 2 ? 'Twice only' : letter(page), 60],
    [`Wandering`, 100 + 20 * (page % 3) * 1.3],
    ['Refrain', 400],
  ];
  expect(remaining(6, draw).flat()).toHaveLength(18);
});

it('takes a number that says it is a page’s, even of a single page', () => {
  for (const number of ['Page 7', 'Seite 7 von 12', '- página 3 -', 'صفحه 7', 'стр. 12/30'])
    expect(remaining(1, () => [['A letter', 400], [number, 760]])).toEqual([['A letter']]); // prettier-ignore
  for (const text of ['Page 7 is missing from the book', 'Pages of 1911', '7'])
    expect(remaining(1, () => [['A letter', 400], [text, 760]])).toEqual([['A letter', text]]); // prettier-ignore
});

it('keeps numbers that do not count with the pages', () => {
  expect(remaining(2, (page) => [[letter(page), 400], [`${page * 5}`, 760]])).toEqual([['aaaa', '0'], ['bbbb', '5']]); // prettier-ignore
});

it('keeps the head and the numbers of a table that goes over pages', () => {
  const cells = (page: number): Fragment[] =>
    [40, 54, 68].flatMap((baseline, row) =>
      [100, 200, 300].map((left, column) => {
        const text = row === 0 ? `Head ${'abc'[column].repeat(3)}` : String(page * 97 + row * 13 + column * 7);
        return Object.assign(fragment(text, baseline), { left, right: left + 40 });
      }),
    );
  const rules = [90, 190, 290, 390].map((at) => ({ horizontal: false, at, from: 20, to: 700 }));
  const pages = Array.from({ length: 5 }, (_, page) => ({ height: 800, rules, fragments: cells(page) }));
  expect(removeRunningHeads(pages)).toEqual([[], [], [], [], []]);
  expect(pages.every(({ fragments }) => fragments.length === 9)).toBe(true);
});

it('takes the names of sections where other pages have their head', () => {
  const names = ['The boat', 'The quay', 'The storm'];
  expect(
    remaining(12, (page) => [
      [page % 2 ? (names[(page - 1) / 2] ?? 'Book of ferries') : 'Book of ferries', 40],
      [letter(page), 400],
    ]),
  ).toEqual(Array.from({ length: 12 }, (_, page) => [letter(page)]));
});
