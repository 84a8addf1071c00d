import fc from 'fast-check';

/** Texts on which tokenizers have gone wrong. */
export const DIFFICULT_TEXTS: readonly string[] = [
  '',
  '\0',
  "it's IT'S it'ſ it'LL 've 'Re '",
  '  \n  \n\n  x',
  '\r\n\r\nabc  ',
  'a\u0085b\ufeffc \u00a0 d \u180e \u200d \u001c',
  '😀😃 𝒳𝒴 1234567 ١٢٣٤٥ Ⅷ²',
  'हिन्दी भाषा नमस्ते',
  "Ünïcödé ÀÉÎ ABCdefGHI'Sx McDonald's",
  'Á\u0301b \u0300\u0301 ǅǆ ªº ʰ ß',
  '\t\t\tif (x) {\n\t\t}\n',
  'a/b//c///\n/\r\n',
  'ABC一A一A Ab',
  ' \u3000 \u2028x\u2028\u2028 y',
  '<|endoftext|> <|im_start|>',
  '\u{10ffff}\u{e000}\ufffd\uffff',
  '   ',
];

const FRAGMENTS = [..."abAB1 2!/_-'\n\r\téÉǅʰ一二ل़²Ⅷ٣ßKſ😀𝒳𝟘\0", "'s", "'S", "'ſ", "'re", "'LL", '  ', '\r\n', '//'];
const MARKS = ['\u0301', '\u0300', '\u0085', '\u00a0', '\ufeff', '\u2028', '\u3000', '\u200d', '\ud800', '\udc00'];

/** Short texts made of fragments between which the split patterns have to decide. */
export const difficultText = fc
  .array(fc.constantFrom(...FRAGMENTS, ...MARKS), { maxLength: 14 })
  .map((parts) => parts.join(''));

/** Any text whatever, also one with surrogates that have no partner. */
export const anyText = fc.oneof(difficultText, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
