/**
 * Text normalisation before shingling, as datatrove's `simplify_text` does it since 2024 (v0.3 and later).
 */

/** Characters that become spaces: 66 visible marks and the control characters except tab and newline (129 in all). */
export const PUNCTUATION =
  '!/—”:％１〈&(、━\\【#%「」，】；+^]~“《„\';’{|∶´[=-`*．（–？！：$～«〉,><》)?）。…@_."}►»' +
  Array.from({ length: 0xa0 }, (_, code) => code)
    .filter((code) => (code < 0x20 && code !== 0x09 && code !== 0x0a) || code >= 0x7f)
    .map((code) => String.fromCharCode(code))
    .join('');

const escapeForClass = (characters: string) => characters.replace(/[\]\\^-]/g, '\\$&');

const NUMBER = /\p{Nd}+(?:[.,،٫⎖⎗⎘]\p{Nd}+)?/gu;
const PUNCTUATION_OR_SPACES = new RegExp(`[${escapeForClass(PUNCTUATION)}\\s]+`, 'gu');
const MARKS = /\p{Mn}+/gu;
const BEYOND_ASCII = /[^\0-\x7f]/;
/** Python's `\s` leaves out U+FEFF, JavaScript's takes it in. */
const BYTE_ORDER_MARK = '\ufeff';

/** Runs of punctuation and white space become one space; U+FEFF, which is no white space to Python, stays. */
function collapse(text: string): string {
  if (!text.includes(BYTE_ORDER_MARK)) return text.replace(PUNCTUATION_OR_SPACES, ' ').trim();
  return text
    .split(BYTE_ORDER_MARK)
    .map((part) => part.replace(PUNCTUATION_OR_SPACES, ' '))
    .join(BYTE_ORDER_MARK)
    .replace(/^ | $/g, '');
}

/**
 * Makes texts that differ only in case, numbers, punctuation, white space or accents equal: lower case, every number to
 * `0`, punctuation to spaces, white space collapsed, NFD without the nonspacing marks (category Mn), trimmed.
 *
 * Source: datatrove `utils/text.py` `simplify_text` with its default configuration.
 */
export function normalizeText(text: string): string {
  const collapsed = collapse(text.toLowerCase().replace(NUMBER, '0'));
  if (!BEYOND_ASCII.test(collapsed)) return collapsed;
  const stripped = collapsed.normalize('NFD').replace(MARKS, '');
  return stripped.replace(/^ +| +$/g, '');
}
