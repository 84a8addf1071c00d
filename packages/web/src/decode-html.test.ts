import { describe, expect, it } from 'vitest';
import { decodeHtml } from './decode-html.ts';

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** "Привет, мир" and more in windows-1251. */
function windows1251(text: string): Buffer {
  return Buffer.from(
    [...text].map((letter) => {
      const code = letter.charCodeAt(0);
      return code >= 0x410 && code <= 0x44f ? code - 0x350 : code;
    }),
  );
}

describe('decodeHtml', () => {
  it('takes valid UTF-8 as UTF-8 whatever is declared, and drops a byte order mark', () => {
    const page = bytes([0xef, 0xbb, 0xbf], '<meta charset="iso-8859-1">naïve 日本');
    expect(decodeHtml(page, { contentType: 'text/html; charset=windows-1252' })).toEqual({
      text: '<meta charset="iso-8859-1">naïve 日本',
      charset: 'utf-8',
    });
  });

  it('reads UTF-16 with a byte order mark', () => {
    expect(decodeHtml(bytes([0xff, 0xfe, 0x68, 0, 0x69, 0]))).toEqual({ text: 'hi', charset: 'utf-16le' });
  });

  it('believes the server, then the page, when the bytes fit', () => {
    const japanese = bytes('<meta charset=Shift_JIS>', [0x93, 0xfa, 0x96, 0x7b]);
    expect(decodeHtml(japanese)).toEqual({ text: '<meta charset=Shift_JIS>日本', charset: 'shift_jis' });
    const euc = bytes([0xc6, 0xfc, 0xcb, 0xdc]);
    expect(decodeHtml(euc, { contentType: 'text/html; charset="EUC-JP"' })?.text).toBe('日本');
    expect(
      decodeHtml(bytes([0x1b], '$BF|K\\', [0x1b], '(B'), { contentType: 'text/html; charset=iso-2022-jp' })?.text,
    ).toBe('日本');
  });

  const russian =
    'Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом и совестью. '.repeat(3);

  it('guesses when nothing is declared, or what is declared is wrong', () => {
    expect(decodeHtml(windows1251(russian))).toEqual({ text: russian, charset: 'windows-1251' });
    expect(decodeHtml(windows1251(russian), { contentType: 'text/html; charset=utf-8' })?.text).toBe(russian);
    expect(decodeHtml(windows1251(russian), { contentType: 'text/html; charset=no-such-thing' })?.text).toBe(russian);
  });

  it('can go straight to the guess, as FineWeb does', () => {
    const page = windows1251(russian);
    expect(decodeHtml(page, { contentType: 'charset=iso-8859-5' })?.charset).toBe('iso-8859-5');
    expect(decodeHtml(page, { contentType: 'charset=iso-8859-5', useDeclaration: false })?.charset).toBe(
      'windows-1251',
    );
  });

  it('guesses from the part that is not ASCII, far into the page', () => {
    const page = Buffer.concat([Buffer.from(`<p>${'x'.repeat(200_000)}`), windows1251(russian)]);
    expect(decodeHtml(page)?.charset).toBe('windows-1251');
  });

  it.each(['windows-1252', 'iso-8859-1', 'latin1'])(
    'reads %s as browsers do, quotes and dashes included',
    (charset) => {
      const page = Buffer.from([0x93, 0x48, 0xe9, 0x94, 0x97, 0x80, 0x9f, 0x81]);
      expect(decodeHtml(page, { contentType: `text/html; charset=${charset}` })).toEqual({
        text: '“Hé”—€Ÿ\x81',
        charset: 'windows-1252',
      });
    },
  );

  it('decodes nothing to nothing', () => {
    expect(decodeHtml(new Uint8Array())).toEqual({ text: '', charset: 'utf-8' });
  });
});
