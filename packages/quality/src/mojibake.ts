/**
 * Signs of mojibake: text that was UTF-8 and was decoded as something else. Which characters, side by side, give it away, and
 * which characters may stand for the bytes of UTF-8, after ftfy 6 (Speer 2019), whose tables these are.
 */

/** The characters that mojibake is made of, by what else they are used for; ranges as in a character class. */
const CATEGORIES = {
  common: '\\xa0\\xad\\xb7\\xb4–—―…’',
  c1: '\\x80-\\x9f',
  bad: '¦¤¨¬¯¸ƒˆˇ˘˛˜†‡‰⌐◊\\ufffdªº',
  law: '¶§',
  currency: '¢£¥₧€',
  startMark: '¡«¿©΄΅‘‚“„•‹\\uf8ff',
  endMark: '®»˝”›™',
  numeric: '²³¹±¼½¾×µ÷⁄∂∆∏∑√∞∩∫≈≠≡≤≥№',
  kaomoji: 'Ò-ÖÙ-Üò-öø-üŐŌŪŲ°',
  upperAccented: 'À-ÑØÜÝĂĀĄĆČĎĐĘĚĒĖĞĢİĪĶĹĽŁĻŃŇŅŒŘŚŞŠŢŤŮŰŸŹŻŽҐ',
  lowerAccented: 'ßà-ñăąāćčďđęěēėğģįīķĺľłļœŕśşšťüźżžґﬁﬂ',
  upperCommon: 'ÞΑ-ΩΆΈΉΊΌΎΏΪΫЁ-Я',
  lowerCommon: 'α-ωάέήίΰа-џ',
  box: '│┌┐┘├┤┬┼═-╬▀▄█▌▐░▒▓',
} as const;

type Category = keyof typeof CATEGORIES;

/** One of the characters of these categories and those added. */
function any(categories: string, more = ''): string {
  return `[${categories
    .split(' ')
    .map((name) => CATEGORIES[name as Category])
    .join('')}${more}]`;
}

/** Python's `\s` and `\w`. */
const SPACE = String.raw`[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]`;
const WORD = String.raw`[\p{L}\p{N}_]`;

const ACCENTED = 'lowerAccented upperAccented';

/** Neighbours that are hardly ever meant. */
const UNLIKELY: readonly string[] = [
  any('c1'),
  any(`bad ${ACCENTED} box startMark endMark currency numeric law`) + any('bad'),
  `[a-zA-Z]${any('lowerCommon upperCommon')}${any('bad')}`,
  any('bad') + any(`${ACCENTED} box startMark endMark currency numeric law`),
  any('lowerAccented lowerCommon box endMark currency numeric') + any('upperAccented'),
  any('box endMark currency numeric') + any('lowerAccented'),
  any('lowerAccented box endMark') + any('currency'),
  SPACE + any('upperAccented') + any('currency'),
  any('upperAccented box') + any('numeric law'),
  any(`${ACCENTED} box currency endMark`) + any('startMark') + any('numeric'),
  any(`${ACCENTED} currency numeric box law`) + any('endMark') + any('startMark'),
  any('currency numeric box') + any('startMark'),
  `[a-z]${any('upperAccented')}${any('startMark currency')}`,
  any('box') + any('kaomoji'),
  any(`${ACCENTED} currency numeric startMark endMark law`) + any('box'),
  any('box') + any('endMark'),
  any(ACCENTED) + any('startMark endMark') + WORD,
  // œ is followed by a Latin letter where it is meant; degrees do not follow capital letters.
  '[Œœ][^A-Za-z]',
  `${any('upperAccented')}°`,
  // Two characters of windows-1252.
  `[ÂÃÎÐ]${any('startMark endMark', '€œŠš¢£Ÿž\\xa0\\xad®©°·»–—´')}`,
  '×[²³]',
  // Arabic read as windows-1252: four characters, since each pair alone is common.
  `(?:[ØÙ]${any('common currency bad numeric startMark', 'ŸŠ®°µ»')}){2}`,
  // Three-byte letters of South Asian alphabets.
  'à[²µ¹¼½¾]',
  // Mac OS Roman.
  '√[±∂†≠®™´≤≥¥µø]',
  '≈[°¢]',
  '‚Ä[ìîïòôúùû†°¢π]',
  '‚[âó][àä°ê]',
  // windows-1251.
  'вЂ',
  `[ВГРС]${any('c1 bad startMark endMark currency', '°µ')}[ВГРС]`,
  'ГўВЂВ[^\\n][A-Za-z ]',
  // à, á and the no-break space in windows-1252.
  'Ã[\\xa0¡]',
  `[a-z]${SPACE}?[ÃÂ] `,
  '^[ÃÂ] ',
  `${any('endMark', 'a-z.,?!')}Â${any('startMark endMark', ' ')}`,
  // windows-1253, windows-1257.
  'β€[™\\xa0Ά\\xad®°]',
  `[ΒΓΞΟ]${any('c1 bad startMark endMark currency', '°')}[ΒΓΞΟ]`,
  'ā€',
];

const MOJIBAKE = new RegExp(UNLIKELY.join('|'), 'u');

/** Whether a text holds a sequence that is most likely mojibake. */
export function looksLikeMojibake(text: string): boolean {
  return MOJIBAKE.test(text);
}

/** What the bytes C2–DF, E0–EF, F0 and F3, and 80–BF become in the encodings in question; dashes and quotes last. */
const FIRST_OF_2 = 'ĂÂÄĀÅÃÆĆČÇĎĐÉĚÊËĖÈĒĘÐĞĢÍÎÏİÌĪĶĹĻŁŃŇŅÑÓÔÖŐÒŌØÕŘŚŠŞŢÞÚÛÜŰÙŪŲŮÝŹŽŻß×ΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩΪΫάέήίВ-Я';
const FIRST_OF_3 = 'áăâäàāąåãæćčçďéěêëėèēęģíîïìīįķĺļŕźΰα-οа-п';
const FIRST_OF_4 = 'đðğóšπσру';
const CONTINUATION = '\\x80-\\xbfĄÆĽŁØŖŚŠŞŤŸŹŽŻŒąæƒľłøŗśšşťźžżœˆˇ˘˛˜˝΄΅ΆΈΉΊΌΎΏЁ-ЌЎЏёђѓєѕіїјљњћќўџҐґ†‡‰‹›€№™';
const AMBIGUOUS = ' –—―‘’‚“”„•…';

const UTF8_LOOKALIKE = new RegExp(
  `(?<![${CONTINUATION}])(?:[${FIRST_OF_2}][${CONTINUATION}${AMBIGUOUS}]|[${FIRST_OF_3}][${CONTINUATION}${AMBIGUOUS}]{2}|` +
    `[${FIRST_OF_4}][${CONTINUATION}${AMBIGUOUS}]{3})+`,
  'gu',
);

/** Replaces every stretch that reads like misread UTF-8. */
export function replaceLookalikes(text: string, replace: (stretch: string) => string): string {
  return text.replace(UTF8_LOOKALIKE, (stretch) => replace(stretch));
}
