import { CompactReader } from './compact-reader.ts';
import { DamagedParquet } from './damaged-parquet.ts';

/** Numbers of encodings in page headers. */
const ENCODING = { plainDictionary: 2, runs: 3, deltas: 5, deltaLengths: 6, deltaTexts: 7, dictionary: 8 } as const;
/** Writers fill up their last group of packed values. */
const PADDING = 512;
const WIDEST_INDEX = 32;
const WIDEST_DELTA = 64;
const LARGEST_BLOCK = 2 ** 20;

const invalid = (what: string) => new DamagedParquet(`${what} in a page of it cannot be true`);

/** How the values of a page are stored. */
export interface ValueShape {
  readonly encoding: number;
  /** Values that are there, nulls not counted. */
  readonly count: number;
  readonly isBoolean: boolean;
}

/**
 * Goes through what says how often a value is repeated, or how much of the one before it is taken over: hyparquet
 * believes these numbers, and a few bytes can ask for any amount of memory.
 *
 * @returns bytes of text that the page unpacks to beyond its own
 * @throws DamagedParquet
 */
export function checkValues(bytes: Uint8Array, at: number, { encoding, count, isBoolean }: ValueShape): number {
  const isIndexed = encoding === ENCODING.plainDictionary || encoding === ENCODING.dictionary;
  if (isBoolean && (isIndexed || encoding === ENCODING.runs)) checkRuns(bytes, at + 4, count, 1);
  else if (isIndexed || encoding === ENCODING.runs) checkRuns(bytes, at + 1, count, bytes[at] ?? 0);
  else if (encoding === ENCODING.deltas || encoding === ENCODING.deltaLengths) readDeltas(bytes, at, count);
  else if (encoding === ENCODING.deltaTexts) return checkSharedPrefixes(bytes, at, count);
  return 0;
}

/**
 * Repeated and packed values, in turns (Parquet's hybrid of run lengths and bit packing).
 *
 * @returns how many of the values are the one that is `counted`
 * @throws DamagedParquet
 */
export function checkRuns(bytes: Uint8Array, at: number, count: number, width: number, counted = -1): number {
  if (width > WIDEST_INDEX) throw invalid('the width of values');
  const reader = new CompactReader(bytes, at);
  let found = 0;
  for (let seen = 0; seen < count;) {
    const header = reader.varint();
    const isPacked = (header & 1) === 1;
    const length = isPacked ? Math.floor(header / 2) * 8 : Math.floor(header / 2);
    const isBelievable = isPacked ? length > 0 && length <= count - seen + PADDING : length <= count - seen;
    // Values without bits take no bytes, so that runs of them would have no end.
    if (!isBelievable || (width === 0 && length < count)) throw invalid('the length of a run');
    const taken = Math.min(length, count - seen);
    if (counted >= 0) found += countOf(counted, bytes, reader.at, isPacked ? taken : -taken, width);
    reader.at += isPacked ? (length / 8) * width : Math.ceil(width / 8);
    seen += length;
  }
  return found;
}

/** How often a value is among packed ones, or, with a negative length, among repetitions of one. */
function countOf(value: number, bytes: Uint8Array, at: number, length: number, width: number): number {
  if (length < 0) return bits(bytes, at * 8, Math.ceil(width / 8) * 8) === value ? -length : 0;
  let found = 0;
  for (let index = 0; index < length; index++) if (bits(bytes, at * 8 + index * width, width) === value) found++;
  return found;
}

function bits(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < Math.min(width, 32); bit++) {
    const position = at + bit;
    value |= (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) << bit;
  }
  return value;
}

/**
 * Differences in blocks of small blocks, each with its own width (Parquet's DELTA_BINARY_PACKED).
 *
 * @returns the values modulo 2³² when they are `wanted`, and where they end
 * @throws DamagedParquet
 */
function readDeltas(bytes: Uint8Array, at: number, count: number, wanted = false): { values: Int32Array; end: number } {
  const reader = new CompactReader(bytes, at);
  const [blockSize, parts] = [reader.varint(), reader.varint()];
  const size = blockSize / parts;
  if (!(blockSize <= LARGEST_BLOCK && size > 0 && size % 8 === 0)) throw invalid('the size of a block');
  reader.varint();
  const values = new Int32Array(wanted ? count : 0);
  const most = values.length;
  let value = signed(bytes, reader);
  values[0] = value;
  for (let seen = 1; seen < count;) {
    const least = signed(bytes, reader);
    const widths = Array.from({ length: parts }, () => reader.byte());
    for (let part = 0; part < parts && seen < count; part++, seen += size) {
      const width = widths[part];
      if (width > WIDEST_DELTA) throw invalid('the width of values');
      for (let index = 0; index < size && seen + index < most; index++) {
        value = (value + least + bits(bytes, reader.at * 8 + index * width, width)) | 0;
        values[seen + index] = value;
      }
      reader.at += (size * width) / 8;
    }
    if (reader.at > bytes.length + size * WIDEST_DELTA) throw invalid('the size of a block');
  }
  return { values, end: reader.at };
}

/** A zigzag-coded number modulo 2³². */
function signed(bytes: Uint8Array, reader: CompactReader): number {
  const start = reader.at;
  reader.varint(10);
  let value = 0n;
  for (let index = reader.at - 1; index >= start; index--) value = (value << 7n) | BigInt(bytes[index] & 127);
  return Number(BigInt.asIntN(32, (value >> 1n) ^ -(value & 1n)));
}

/** Texts that begin as the one before them (Parquet's DELTA_BYTE_ARRAY). */
function checkSharedPrefixes(bytes: Uint8Array, at: number, count: number): number {
  const prefixes = readDeltas(bytes, at, count, true);
  const suffixes = readDeltas(bytes, prefixes.end, count, true);
  let [shared, before] = [0, 0];
  for (let index = 0; index < count; index++) {
    const [prefix, suffix] = [prefixes.values[index], suffixes.values[index]];
    if (prefix < 0 || prefix > before || suffix < 0) throw invalid('the length of a text');
    shared += prefix;
    before = prefix + suffix;
  }
  return shared;
}
