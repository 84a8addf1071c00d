import { constants, inflateSync } from 'node:zlib';

/** An indirect object as it stands in a file (ISO 32000-1, 7.3.10). */
export interface PdfObject {
  number: number;
  generation: number;
  /** Where `N G obj` begins. */
  offset: number;
  /** The object's value, up to the keyword `stream` or `endobj`; cut where it is very long. */
  head: string;
  /** Where the bytes of its stream begin; absent when it has none. */
  streamStart?: number;
}

/** Dictionaries are short; only tables of numbers are longer, and they matter to nobody here. */
const MAXIMUM_HEAD = 65_536;
/** PDFium reads no higher object numbers. */
const MAXIMUM_NUMBER = 4_194_303;
const MAXIMUM_OBJECTS = 2_000_000;
/** All object streams of a file together; a bomb is left packed. */
const MAXIMUM_UNPACKED = 256 * 1024 * 1024;

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13) || byte === 0;

/** Finds every `N G obj` of a file, whatever its table of contents says. */
export function* scanObjects(bytes: Buffer): Generator<PdfObject> {
  let found = 0;
  for (let at = bytes.indexOf('obj'); at !== -1 && found < MAXIMUM_OBJECTS; at = bytes.indexOf('obj', at + 3)) {
    const object = readObject(bytes, at);
    if (!object) continue;
    found++;
    yield object;
    at = Math.max(at, object.offset + object.head.length - 1);
  }
}

/** Reads the object whose keyword `obj` stands at `at`. */
function readObject(bytes: Buffer, at: number): PdfObject | undefined {
  const generation = numberBefore(bytes, at);
  const number = generation && numberBefore(bytes, generation.start);
  if (!number || number.value < 1 || number.value > MAXIMUM_NUMBER || generation.value > 65_535) return undefined;
  const end = valueEnd(bytes, at + 3);
  const head = bytes.toString('latin1', at + 3, end);
  const object = { number: number.value, generation: generation.value, offset: number.start, head };
  const streamStart = findStream(bytes, end);
  return streamStart === undefined ? object : { ...object, streamStart };
}

/** The decimal number that ends before `at`, white space aside. */
function numberBefore(bytes: Buffer, at: number): { value: number; start: number } | undefined {
  let end = at;
  while (end > 0 && at - end < 16 && isSpace(bytes[end - 1])) end--;
  let start = end;
  while (start > 0 && end - start < 10 && isDigit(bytes[start - 1])) start--;
  return start === end ? undefined : { value: Number(bytes.toString('latin1', start, end)), start };
}

/** Where the value that begins at `at` ends: after its outermost `>>`, or before `endobj`. */
function valueEnd(bytes: Buffer, start: number): number {
  const limit = Math.min(bytes.length, start + MAXIMUM_HEAD);
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (byte === 0x28) at = stringEnd(bytes, at, limit);
    else if (byte === 0x3c && bytes[at + 1] === 0x3c) {
      depth++;
      at++;
    } else if (byte === 0x3c) at = hexStringEnd(bytes, at, limit);
    else if (byte === 0x3e && bytes[at + 1] === 0x3e) {
      at++;
      if (--depth <= 0) return at + 1;
    } else if (byte === 0x65 && depth === 0 && bytes.toString('latin1', at, at + 6) === 'endobj') return at;
  }
  return limit;
}

/** Where the string `<…>` that begins at `at` ends. */
function hexStringEnd(bytes: Buffer, at: number, limit: number): number {
  const end = bytes.indexOf(0x3e, at);
  return end === -1 || end > limit ? at : end;
}

/** Where the string `(…)` that begins at `at` ends; its parentheses may nest. */
function stringEnd(bytes: Buffer, start: number, limit: number): number {
  let depth = 0;
  for (let at = start; at < limit; at++) {
    const byte = bytes[at];
    if (byte === 0x5c) at++;
    else if (byte === 0x28) depth++;
    else if (byte === 0x29 && --depth === 0) return at;
  }
  return start; // never closed: taken as a stray parenthesis
}

function findStream(bytes: Buffer, after: number): number | undefined {
  let at = after;
  while (at < bytes.length && isSpace(bytes[at])) at++;
  if (bytes.toString('latin1', at, at + 6) !== 'stream') return undefined;
  at += 6;
  if (bytes[at] === 13) at++;
  return bytes[at] === 10 ? at + 1 : at;
}

/** An object that was packed in an object stream. */
export interface PackedObject {
  number: number;
  text: string;
}

/** Unpacks object streams (ISO 32000-1, 7.5.7), also such as are cut short; together they may not grow beyond a bound. */
export class ObjectStreamReader {
  readonly #bytes: Buffer;
  #left = MAXIMUM_UNPACKED;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The objects in a stream; none where it cannot be unpacked. */
  read({ head, streamStart }: PdfObject): PackedObject[] {
    const count = Number(/\/N\s+(\d+)/.exec(head)?.[1]);
    const first = Number(/\/First\s+(\d+)/.exec(head)?.[1]);
    if (streamStart === undefined || !(count > 0 && first > 0) || /\/Predictor\s+(?!1\b)/.test(head)) return [];
    const text = this.#unpack(streamStart, head);
    const index = (text.slice(0, first).match(/\d+/g) ?? []).slice(0, count * 2).map(Number);
    return splitPacked(text.slice(first), index);
  }

  #unpack(start: number, head: string): string {
    const end = this.#bytes.indexOf('endstream', start);
    const length = Number(/\/Length\s+(\d+)(?!\s+\d+\s+R)/.exec(head)?.[1]);
    const stored = this.#bytes.subarray(start, length > 0 ? start + length : end === -1 ? undefined : end);
    if (!head.includes('/FlateDecode')) return stored.toString('latin1');
    try {
      const unpacked = inflateSync(stored, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: this.#left });
      this.#left = Math.max(1, this.#left - unpacked.length);
      return unpacked.toString('latin1');
    } catch {
      return ''; // damaged or encrypted beyond use: its objects are lost, which the caller counts in pages
    }
  }
}

/** Cuts the bodies apart; the last one of a stream that was cut short is left out. */
function splitPacked(bodies: string, index: number[]): PackedObject[] {
  const objects: PackedObject[] = [];
  for (let at = 0; at + 1 < index.length; at += 2) {
    const [number, from, to] = [index[at], index[at + 1], index[at + 3] ?? bodies.length];
    if (to > bodies.length || from >= to || number < 1 || number > MAXIMUM_NUMBER) continue;
    const text = bodies.slice(from, to);
    if (index[at + 3] !== undefined || isClosed(text)) objects.push({ number, text });
  }
  return objects;
}

function isClosed(text: string): boolean {
  return (text.match(/<</g) ?? []).length === (text.match(/>>/g) ?? []).length;
}
