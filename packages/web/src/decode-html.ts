import { detect } from 'chardet';

/** Bytes at the head of a page in which a declaration is looked for (HTML standard, "prescan": 1024; pages are sloppy). */
const PRESCAN_BYTES = 4096;
/** Bytes the guesser looks at, from a little before the first byte that is not ASCII. */
const SAMPLE_BYTES = 1 << 16;
const ESCAPE = 0x1b;

/** A page's text and the character set it was in (the TextDecoder's name for it). */
export interface DecodedHtml {
  text: string;
  charset: string;
}

/**
 * Bytes of a page to text: a byte order mark; else strict UTF-8; else the declared charset (`contentType`, then `<meta>`) if the
 * bytes fit it; else what `chardet` guesses if they fit that. FineWeb goes from UTF-8 straight to the guess: pass
 * `useDeclaration: false` for that. Undefined where FineWeb drops the record: no guess, a guess of UTF-8, an unknown or wrong charset.
 */
export function decodeHtml(
  bytes: Uint8Array,
  { contentType = '', useDeclaration = true }: { contentType?: string; useDeclaration?: boolean } = {},
): DecodedHtml | undefined {
  const declared = useDeclaration ? declaredCharset(bytes, contentType) : undefined;
  const sevenBit = declared?.startsWith('iso-2022') && bytes.includes(ESCAPE);
  return (
    decodeStrictly(bytes, byteOrderMark(bytes)) ??
    (sevenBit ? decodeStrictly(bytes, declared) : undefined) ??
    decodeStrictly(bytes, 'utf-8') ??
    decodeStrictly(bytes, declared) ??
    decodeStrictly(bytes, detect(sample(bytes)) ?? undefined)
  );
}

/** 80–9F of windows-1252, which Node 20's decoder takes for Latin-1; the five bytes without a character stand for themselves. */
const WINDOWS_1252_C1 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

function decodeWindows1252(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  return text.replace(/[\x80-\x9f]/g, (control) => WINDOWS_1252_C1[control.charCodeAt(0) - 0x80]);
}

function decodeStrictly(bytes: Uint8Array, charset: string | undefined): DecodedHtml | undefined {
  if (!charset) return undefined;
  try {
    const decoder = new TextDecoder(charset, { fatal: true });
    if (decoder.encoding === 'windows-1252') return { text: decodeWindows1252(bytes), charset: decoder.encoding };
    return { text: decoder.decode(bytes), charset: decoder.encoding };
  } catch (error) {
    // RangeError: no such charset; TypeError: the bytes are not in it. Both mean "not this one".
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : undefined;
}

function declaredCharset(bytes: Uint8Array, contentType: string): string | undefined {
  const head = Buffer.from(bytes.subarray(0, PRESCAN_BYTES)).toString('latin1');
  const charset = /charset\s{0,9}=\s{0,9}["']?\s{0,9}([\w:.-]{1,40})/i;
  const found = charset.exec(contentType) ?? charset.exec(head) ?? /encoding=["']([\w:.-]{1,40})/i.exec(head);
  return found?.[1].toLowerCase();
}

function sample(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte >= 0x80);
  const start = Math.max(0, first - 256);
  return bytes.subarray(start, start + SAMPLE_BYTES);
}
