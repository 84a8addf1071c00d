/** Encodings in which UTF-8 is most often misread, as two-way tables. */

/** A single-byte encoding with a character for every byte. */
export interface SingleByteEncoding {
  readonly name: string;
  /** Unassigned bytes stand for themselves, and byte 1A for U+FFFD: an encoding that decoded sloppily. */
  readonly isSloppy: boolean;
  readonly bytes: ReadonlyMap<string, number>;
}

const CP437 =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0';

const LATIN_1 = String.fromCharCode(...Array.from({ length: 128 }, (_, index) => 128 + index));
/** 80–9F of windows-1252, which Node 20's TextDecoder takes for Latin-1; the five unassigned bytes stand for themselves. */
const WINDOWS_1252_C1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const SUBSTITUTE = 0x1a;

/** A text with every C1 control read as windows-1252, as browsers do. */
export function readControls(text: string): string {
  return text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252_C1[control.charCodeAt(0) - 0x80]);
}

/** The upper half of an encoding other than windows-1252; bytes that it leaves out keep their Latin-1 character. */
function upperHalf(label: string): string {
  const decoder = new TextDecoder(label);
  return Array.from(LATIN_1, (fallback, index) => {
    const character = decoder.decode(Uint8Array.of(128 + index));
    return character === '\ufffd' ? fallback : character;
  }).join('');
}

function encoding(name: string, upper: string, isSloppy: boolean): SingleByteEncoding {
  const bytes = new Map<string, number>();
  for (let byte = 0; byte < 128; byte++) bytes.set(String.fromCharCode(byte), byte);
  if (isSloppy) {
    bytes.delete(String.fromCharCode(SUBSTITUTE));
    bytes.set('\ufffd', SUBSTITUTE);
  }
  Array.from(upper).forEach((character, index) => bytes.set(character, 128 + index));
  return { name, isSloppy, bytes };
}

/** In the order in which they are tried. */
export const SINGLE_BYTE_ENCODINGS: readonly SingleByteEncoding[] = [
  encoding('latin-1', LATIN_1, false),
  encoding('windows-1252', readControls(LATIN_1), true),
  ...['1251', '1250', '1253', '1254', '1257'].map((page) =>
    encoding(`windows-${page}`, upperHalf(`windows-${page}`), true),
  ),
  encoding('iso-8859-2', upperHalf('iso-8859-2'), false),
  encoding('macroman', upperHalf('macintosh'), false),
  encoding('cp437', CP437, false),
];

/** The bytes of a text, or undefined when one of its characters is not in the encoding. */
export function encode(text: string, { bytes }: SingleByteEncoding): Uint8Array | undefined {
  const encoded = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const byte = bytes.get(text[index]);
    if (byte === undefined) return undefined;
    encoded[index] = byte;
  }
  return encoded;
}
