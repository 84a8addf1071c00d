import { CHANGED_LETTER, isNewer } from './newer-characters.ts';

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
/** The first 128 of them, complete from the start. */
const asciiClasses = Uint8Array.from({ length: 0x80 }, (_, codePoint) => classify(codePoint));

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  let bits = KNOWN;
  if (!isNewer(codePoint)) for (const [bit, pattern] of CLASSES) if (pattern.test(character)) bits |= bit;
  if (codePoint === CHANGED_LETTER) bits &= ~UPPER_LIKE;
  classes[codePoint] = bits;
  return bits;
}

/** The code point whose UTF-8 begins at `index`. */
function codePointAt(bytes: Uint8Array, index: number): number {
  const lead = bytes[index];
  if (lead < 0x80) return lead;
  if (lead < 0xe0) return ((lead & 0x1f) << 6) | (bytes[index + 1] & 0x3f);
  const middle = ((bytes[index + 1] & 0x3f) << 6) | (bytes[index + 2] & 0x3f);
  if (lead < 0xf0) return ((lead & 0x0f) << 12) | middle;
  return ((lead & 0x07) << 18) | (middle << 6) | (bytes[index + 3] & 0x3f);
}

/** The class bits of the character at `index` of UTF-8 bytes; computed when it is first met. */
export function classAt(bytes: Uint8Array, index: number): number {
  const lead = bytes[index];
  if (lead < 0x80) return asciiClasses[lead];
  const codePoint = codePointAt(bytes, index);
  return classes[codePoint] || classify(codePoint);
}

/** Bytes of the character at `index`: 1 to 4. */
export function widthAt(bytes: Uint8Array, index: number): number {
  const lead = bytes[index];
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

/** Where the character before `index` begins. */
export function indexBefore(bytes: Uint8Array, index: number): number {
  let before = index - 1;
  while ((bytes[before] & 0xc0) === 0x80) before--;
  return before;
}

/** The end of the run of characters, from `index` to at most `end`, that have one of the classes in `mask`. */
export function skipClass(bytes: Uint8Array, index: number, end: number, mask: number): number {
  while (index < end) {
    const lead = bytes[index];
    if (lead < 0x80) {
      if ((asciiClasses[lead] & mask) === 0) return index;
      index++;
    } else {
      if ((classAt(bytes, index) & mask) === 0) return index;
      index += widthAt(bytes, index);
    }
  }
  return index;
}

/** The end of the run of characters, from `index` to at most `end`, that have none of the classes in `mask`. */
export function skipOutside(bytes: Uint8Array, index: number, end: number, mask: number): number {
  while (index < end && (classAt(bytes, index) & mask) === 0) index += widthAt(bytes, index);
  return index;
}
