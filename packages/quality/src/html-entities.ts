import { decodeHTMLStrict } from 'entities';
import { readControls } from './single-byte-encodings.ts';

const ENTITY = /&#?[0-9A-Za-z]{1,24};/g;
/** Names that browsers know in capitals without a semicolon: what begins like them is not what it seems. */
const LEGACY_CAPITALS = /^&(?:AMP|COPY|GT|LT|QUOT|REG|ETH|THORN)/;
const NUMERIC = /^&#(?:(\d+)|[xX]([0-9a-fA-F]+));$/;

/**
 * Decodes HTML references that end in a semicolon: names, numbers, and names of letters that were capitalised as a whole
 * (`&NTILDE;`). After ftfy's `unescape_html`; others (`&amp` without its semicolon, unknown names) stay.
 */
export function decodeEntities(text: string): string {
  return text.includes('&') ? text.replace(ENTITY, decodeEntity) : text;
}

function decodeEntity(entity: string): string {
  if (entity[1] === '#') return decodeNumber(entity);
  const decoded = decodeHTMLStrict(entity);
  if (decoded !== entity) return decoded;
  const lowerCase = entity.toLowerCase();
  if (entity !== entity.toUpperCase() || LEGACY_CAPITALS.test(entity)) return entity;
  const letter = decodeHTMLStrict(lowerCase);
  return letter === lowerCase ? entity : letter.toUpperCase();
}

function decodeNumber(entity: string): string {
  const match = NUMERIC.exec(entity);
  if (!match) return entity;
  const code = match[1] ? Number.parseInt(match[1], 10) : Number.parseInt(match[2], 16);
  const character = characterOf(code);
  return character === ';' ? entity : character;
}

/** The HTML standard's reading of a character number: nothing for what is no character. */
function characterOf(code: number): string {
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return '\ufffd';
  return isNoCharacter(code) ? '' : readControls(String.fromCodePoint(code));
}

function isNoCharacter(code: number): boolean {
  if (code < 0x20) return !(code === 0x09 || code === 0x0a || code === 0x0c || code === 0x0d);
  return code === 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}
