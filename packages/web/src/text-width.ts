/**
 * Characters of `text` that are not white space; characters from U+2E80 on (CJK, full width) count twice, because they carry
 * about twice as much. Makes thresholds in characters hold for scripts without spaces.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit > 0x20 && unit !== 0xa0) width += unit >= 0x2e80 && unit < 0xd800 ? 2 : 1;
  }
  return width;
}

/** White space runs to one space; NEL and no-break spaces are white space, zero-width joiners are letters and stay. */
export function collapseSpace(text: string): string {
  return text.replace(/[\s\u0085\u00a0]+/g, ' ');
}

/** Control characters other than line ends and tabs, soft hyphens, zero-width spaces, byte order marks. */
const INVISIBLE = /[\p{Cc}\u00ad\u200b\ufeff](?<![\t\n\r\u0085])/gu;

/** Removes what is invisible and carries nothing. */
export function removeInvisible(text: string): string {
  return text.replace(INVISIBLE, '');
}
