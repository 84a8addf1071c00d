/**
 * Records of datatrove's signature files: the values of one band (little-endian, 64 or 32 bits each) and a document number
 * (32 bits), sorted by all of it in this order. In memory a record is so many 32-bit words.
 *
 * Platforms that JavaScript runs on are little-endian, so that the words of a file and of an array are the same.
 */

/** How a record is laid out. */
export interface RecordLayout {
  rows: number;
  /** 32-bit words per value: 2 or 1 */
  valueWords: 1 | 2;
  /** 32-bit words per record: values, then the document number */
  words: number;
}

export function layoutOf(rows: number, hash: string): RecordLayout {
  const valueWords = hash.endsWith('32') ? 1 : 2;
  return { rows, valueWords, words: rows * valueWords + 1 };
}

/** Compares the values of two records as unsigned numbers: negative, 0 or positive. */
export function compareValues(
  left: Uint32Array,
  leftStart: number,
  right: Uint32Array,
  rightStart: number,
  { rows, valueWords }: RecordLayout,
): number {
  for (let row = 0; row < rows; row++) {
    const offset = row * valueWords;
    for (let word = valueWords - 1; word >= 0; word--) {
      const [a, b] = [left[leftStart + offset + word], right[rightStart + offset + word]];
      if (a !== b) return a - b;
    }
  }
  return 0;
}

/** Most records that {@link sortedRecords} can sort: their numbers share a double with 32 bits of the first value. */
export const MOST_SORTED_RECORDS = 2 ** 21;
/** Words that are put in order together. */
const BLOCK_WORDS = 1 << 14;

/** 32 leading bits of the first value, which is below 2^61. */
function leadingBits(words: Uint32Array, start: number, valueWords: number): number {
  if (valueWords === 1) return words[start];
  return words[start + 1] * 8 + (words[start] >>> 29);
}

/** Sorts, unless it is sorted already as it is where all are equal. */
function sortRun(run: Float64Array, compare: (left: number, right: number) => number): void {
  for (let place = 1; place < run.length; place++) {
    if (compare(run[place - 1], run[place]) <= 0) continue;
    run.sort(compare);
    return;
  }
}

/**
 * Sorts by keys of 32 leading bits of the first value and the record's number, natively, then runs of equal bits in full.
 *
 * @param keys room for as many keys as there are records, at most 2^21; holds the order afterwards
 */
function sortKeys(words: Uint32Array, keys: Float64Array, layout: RecordLayout): void {
  for (let record = 0; record < keys.length; record++) {
    keys[record] = leadingBits(words, record * layout.words, layout.valueWords) * MOST_SORTED_RECORDS + record;
  }
  keys.sort();
  const startOf = (key: number) => (key % MOST_SORTED_RECORDS) * layout.words;
  const compare = (left: number, right: number) =>
    compareValues(words, startOf(left), words, startOf(right), layout) || left - right;
  for (let start = 0; start < keys.length;) {
    const leading = Math.floor(keys[start] / MOST_SORTED_RECORDS);
    let end = start + 1;
    while (end < keys.length && Math.floor(keys[end] / MOST_SORTED_RECORDS) === leading) end++;
    if (end - start > 1) sortRun(keys.subarray(start, end), compare);
    start = end;
  }
}

/**
 * Records in ascending order, in blocks that are valid until the next is asked for; the records themselves stay where they
 * are. Those that are alike must stand in the order of their documents.
 *
 * @param keys see {@link sortKeys}: its length is the number of records
 */
export function* sortedRecords(words: Uint32Array, keys: Float64Array, layout: RecordLayout): Generator<Uint32Array> {
  sortKeys(words, keys, layout);
  const block = new Uint32Array(layout.words * Math.ceil(BLOCK_WORDS / layout.words));
  let to = 0;
  for (let place = 0; place < keys.length; place++) {
    // Word by word: views and set() take longer than the few words themselves.
    const start = (keys[place] % MOST_SORTED_RECORDS) * layout.words;
    for (let word = 0; word < layout.words; word++) block[to++] = words[start + word];
    if (to < block.length) continue;
    yield block;
    to = 0;
  }
  if (to > 0) yield block.subarray(0, to);
}
