const REPLACEMENT = 0xfffd;

/**
 * Writes `text` from `start` to `end` as UTF-8; a surrogate without its partner becomes U+FFFD, as in `TextEncoder`.
 *
 * @param bytes must have room for three bytes per UTF-16 unit
 * @returns how many bytes were written
 */
export function writeUtf8(text: string, start: number, end: number, bytes: Uint8Array): number {
  let count = 0;
  for (let index = start; index < end; index++) {
    let code = text.charCodeAt(index);
    if (code < 0x80) {
      bytes[count++] = code;
      continue;
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      code = index + 1 < end ? (text.codePointAt(index) as number) : REPLACEMENT;
      if (code > 0xffff) index++;
      else code = REPLACEMENT;
    }
    if (code < 0x800) bytes[count++] = 0xc0 | (code >> 6);
    else {
      if (code < 0x10000) bytes[count++] = 0xe0 | (code >> 12);
      else {
        bytes[count++] = 0xf0 | (code >> 18);
        bytes[count++] = 0x80 | ((code >> 12) & 0x3f);
      }
      bytes[count++] = 0x80 | ((code >> 6) & 0x3f);
    }
    bytes[count++] = 0x80 | (code & 0x3f);
  }
  return count;
}
