/** Latin ligatures and Arabic presentation forms: the only blocks whose compatibility forms are taken. */
const PRESENTATION_FORMS = /[\uFB00-\uFB06\uFB1D-\uFDFF\uFE70-\uFEFC]+/gu;
/** Bullets of Symbol and Wingdings, which land in the private use area. */
const SYMBOL_BULLETS = /[\uF0A7\uF0A8\uF0B7\uF0D8\uF06C\uF06E\uF071\uF076\uF0FC]/gu;
const SPACES = /[\p{Zs}\t\n\v\f\r\u2028\u2029]+/gu;
/**
 * Control characters, soft hyphens, lone surrogates, private use, noncharacters and invisible marks. Joiners (U+200C, U+200D)
 * stay: Persian, Indic scripts and emoji need them.
 */
const UNWANTED =
  /[\p{Cc}\p{Cs}\p{Co}\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF0-\uFFFB\uFFFE\uFFFF]+/gu;

/** What text has that may need cleaning; searched for as that is far faster than matching all that needs none. */
const UNCLEAN = /[^ -~]|  |^ | $/;

/**
 * Text as a corpus wants it: ligatures and presentation forms as letters, NFC, single spaces, nothing invisible or private.
 * Line structure is lost: give it single lines.
 */
export function cleanText(text: string): string {
  if (!UNCLEAN.test(text)) return text;
  return text
    .replace(PRESENTATION_FORMS, (forms) => forms.normalize('NFKC'))
    .replace(SYMBOL_BULLETS, '•')
    .replace(SPACES, ' ')
    .replace(UNWANTED, '')
    .normalize('NFC')
    .replace(/ {2,}/g, ' ')
    .trim();
}
