/** Bits of a code point's classes, in the terms of the published split patterns. */
export const LETTER = 1;
export const NUMBER = 2;
export const SPACE = 4;
export const NEWLINE = 8;
/** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`: can stand where a capital can. */
export const UPPER_LIKE = 16;
/** `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`: can stand where a small letter can. */
export const LOWER_LIKE = 32;
const KNOWN = 64;

/** Rust, Python and Oniguruma take `\s` as White_Space; JavaScript's own `\s` has U+FEFF too and lacks U+0085. */
const CLASSES: readonly (readonly [number, RegExp])[] = [
  [LETTER, /\p{L}/u],
  [NUMBER, /\p{N}/u],
  [SPACE, /\p{White_Space}/u],
  [NEWLINE, /[\r\n]/u],
  [UPPER_LIKE, /[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]/u],
  [LOWER_LIKE, /[\p{Ll}\p{Lm}\p{Lo}\p{M}]/u],
];

const classes = new Uint8Array(0x110000);

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  let bits = KNOWN;
  for (const [bit, pattern] of CLASSES) if (pattern.test(character)) bits |= bit;
  classes[codePoint] = bits;
  return bits;
}

/** The class bits of a code point; computed when it is first met. */
function classOf(codePoint: number): number {
  return classes[codePoint] || classify(codePoint);
}

/** The class bits of the character at `index` of a text. */
export function classAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return classOf(unit < 0xd800 || unit > 0xdbff ? unit : (text.codePointAt(index) as number));
}

/** UTF-16 units of the character at `index`: 1, or 2 for a surrogate pair. */
export function widthAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit <= 0xdbff && (text.codePointAt(index) as number) > 0xffff ? 2 : 1;
}

/** The end of the run of characters, from `index` on, that have one of the classes in `mask`. */
export function skipClass(text: string, index: number, mask: number): number {
  while (index < text.length) {
    const unit = text.charCodeAt(index);
    if (unit < 0xd800 || unit > 0xdbff) {
      if ((classOf(unit) & mask) === 0) return index;
      index++;
    } else {
      if ((classAt(text, index) & mask) === 0) return index;
      index += widthAt(text, index);
    }
  }
  return index;
}

/** The end of the run of characters, from `index` on, that have none of the classes in `mask`. */
export function skipOutside(text: string, index: number, mask: number): number {
  while (index < text.length && (classAt(text, index) & mask) === 0) index += widthAt(text, index);
  return index;
}
