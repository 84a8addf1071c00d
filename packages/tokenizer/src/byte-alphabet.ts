/**
 * GPT-2's printable alphabet for bytes (openai/gpt-2, `encoder.py`): bytes that print stand for themselves, the other 68
 * become the characters from U+0100 on. Vocabularies of byte-level BPE are written in it: `Ġthe` is ` the`.
 */
function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

const characterOfByte: string[] = [];
const byteOfCharacter = new Map<string, number>();
let shifted = 0x100;
for (let byte = 0; byte < 256; byte++) {
  const character = String.fromCharCode(isPrintable(byte) ? byte : shifted++);
  characterOfByte.push(character);
  byteOfCharacter.set(character, byte);
}

/** The 256 characters, by byte. */
export const BYTE_ALPHABET: readonly string[] = characterOfByte;

/** Bytes written in the alphabet. */
export function bytesToAlphabet(bytes: ArrayLike<number>, start = 0, end = bytes.length): string {
  let text = '';
  for (let index = start; index < end; index++) text += characterOfByte[bytes[index]];
  return text;
}

/**
 * The bytes that a vocabulary entry stands for. An entry with a character outside the alphabet stands for its own UTF-8
 * bytes, as in Hugging Face's ByteLevel decoder.
 */
export function alphabetToBytes(token: string): Uint8Array {
  const bytes = new Uint8Array(token.length);
  for (let index = 0; index < token.length; index++) {
    const byte = byteOfCharacter.get(token[index]);
    if (byte === undefined) return new TextEncoder().encode(token);
    bytes[index] = byte;
  }
  return bytes;
}
