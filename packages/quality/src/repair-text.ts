import { decodeEntities } from './html-entities.ts';
import { looksLikeMojibake, replaceLookalikes } from './mojibake.ts';
import { encode, readControls, SINGLE_BYTE_ENCODINGS, type SingleByteEncoding } from './single-byte-encodings.ts';

/** Longer lines are repaired piece by piece. */
const MAXIMUM_SEGMENT = 1_000_000;
/** A line without these needs no look: only plain ASCII, no reference, no control character. */
const SUSPICIOUS = /[^\t\n\f\r -%'-~]/;
// Written as strings, since they name control characters.
const TERMINAL_ESCAPE = new RegExp(String.raw`\x1b\[[\p{Nd};]*[a-zA-Z]`, 'gu');
const CONTROL = new RegExp(String.raw`[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]`, 'g');
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/**
 * Repairs what went wrong with the encoding of a text: UTF-8 that was read as something else (`sÃ³` → `só`, also twice, and when
 * bytes were lost on the way), stray HTML references (unless the text holds a `<`), C1 controls, lone surrogates, terminal
 * escapes, control characters. Nothing is normalised: ligatures, full-width forms, curly quotes and line breaks stay as they are.
 *
 * Source: ftfy 6 (Speer 2019) with the settings of FineWeb2 and FinePDFs (datatrove's `FTFYFormatter`), line by line.
 */
export function repairText(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  const repaired: string[] = [];
  let mayUnescape = true;
  for (let start = 0; start < text.length;) {
    const end = segmentEnd(text, start);
    const segment = text.slice(start, end);
    if (segment.includes('<')) mayUnescape = false;
    repaired.push(repairSegment(segment, mayUnescape));
    start = end;
  }
  return repaired.join('');
}

/** Behind the next line feed, or after a million code points. */
function segmentEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start) + 1 || text.length;
  if (end - start <= MAXIMUM_SEGMENT) return end;
  let at = start;
  for (let count = 0; count < MAXIMUM_SEGMENT && at < end; count++) at += text.codePointAt(at)! > 0xffff ? 2 : 1;
  return at;
}

function repairSegment(segment: string, mayUnescape: boolean): string {
  let text = segment;
  for (;;) {
    if (!SUSPICIOUS.test(text)) return text;
    const before = text;
    if (mayUnescape) text = decodeEntities(text);
    text = text.includes('\x1b') ? repairEncoding(text).replace(TERMINAL_ESCAPE, '') : repairEncoding(text);
    text = readControls(text).replace(LONE_SURROGATE, '\ufffd').replace(CONTROL, '');
    if (text === before) return text;
  }
}

/** Undoes one wrong decoding after the other until nothing looks wrong any more. */
function repairEncoding(text: string): string {
  for (let current = text; ;) {
    const next = repairOnce(current);
    if (next === current) return current;
    current = next;
  }
}

function repairOnce(text: string): string {
  if (!looksLikeMojibake(text)) return text;
  for (const encoding of SINGLE_BYTE_ENCODINGS) {
    const bytes = encode(text, encoding);
    const decoded = bytes && decodeUtf8(restoreBytes(bytes, encoding));
    if (decoded !== undefined) return decoded;
  }
  const unmixed = repairStretches(text);
  return unmixed === text ? readControls(text) : unmixed;
}

/** Misread UTF-8 inside text that is right: only what looks wrong by itself is touched. */
function repairStretches(text: string): string {
  return replaceLookalikes(text, (stretch) =>
    stretch.length < text.length && looksLikeMojibake(stretch) ? repairEncoding(stretch) : stretch,
  );
}

// Patterns over bytes, one character a byte.
const A_GRAVE_WORD = /\xc3 (?! |quele|quela|quilo|s )/g;
const SPACE_FOR_A0 =
  /[\xc2\xc3\xc5\xce\xd0\xd9] |[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] |\xf0 [\x80-\xbf][\x80-\xbf]|\xf0[\x80-\xbf] [\x80-\xbf]|\xf0[\x80-\xbf][\x80-\xbf] /g;
const LOST_BYTES = new RegExp(
  [
    String.raw`[\xc2-\xdf]\x1a|[\xc2-\xc3]\?`,
    String.raw`\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]`,
    String.raw`[\xe0-\xef][\x1a?][\x1a\x80-\xbf]|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]`,
    String.raw`[\xf0-\xf4][\x1a?][\x1a\x80-\xbf]{2}|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]|[\xf0-\xf4][\x1a\x80-\xbf]{2}[\x1a?]`,
    String.raw`\x1a`,
  ].join('|'),
  'g',
);
const REPLACEMENT_BYTES = '\xef\xbf\xbd';
const PAIRED_SURROGATES = /\xed([\xa0-\xaf])([\x80-\xbf])\xed([\xb0-\xbf])([\x80-\xbf])/g;

/** Puts back A0 where a space came in its place, and U+FFFD where bytes of a sequence were lost. */
function restoreBytes(bytes: Uint8Array, { name, isSloppy }: SingleByteEncoding): string {
  let text = Buffer.from(bytes).toString('latin1');
  // In Mac OS Roman the first rule would hit every dash before a space.
  if (name !== 'macroman' && text.search(SPACE_FOR_A0) >= 0) {
    text = text.replace(A_GRAVE_WORD, '\xc3\xa0 ').replace(SPACE_FOR_A0, (found) => found.replaceAll(' ', '\xa0'));
  }
  return isSloppy ? text.replace(LOST_BYTES, REPLACEMENT_BYTES) : text;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as UTF-8, with Java's zero and surrogates that were encoded one by one; undefined when they are none. */
function decodeUtf8(bytes: string): string | undefined {
  const plain = bytes.replaceAll('\xc0\x80', '\0').replace(PAIRED_SURROGATES, joinSurrogates);
  try {
    return UTF8.decode(Buffer.from(plain, 'latin1'));
  } catch {
    return undefined; // not UTF-8: the next encoding is tried
  }
}

function joinSurrogates(_: string, a: string, b: string, c: string, d: string): string {
  const [high, middle, low, last] = [a, b, c, d].map((byte) => byte.charCodeAt(0));
  const code = 0x10000 + ((high & 0x0f) << 16) + ((middle & 0x3f) << 10) + ((low & 0x0f) << 6) + (last & 0x3f);
  return Buffer.from(String.fromCodePoint(code)).toString('latin1');
}
