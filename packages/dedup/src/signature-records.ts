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

/** Most records that {@link sortRecords} can sort: their numbers share a double with 32 bits of the first value. */
export const MOST_SORTED_RECORDS = 2 ** 21;

/** 32 leading bits of the first value, which is below 2^61. */
function leadingBits(words: Uint32Array, start: number, valueWords: number): number {
  if (valueWords === 1) return words[start];
  return words[start + 1] * 8 + (words[start] >>> 29);
}

/** Sorts, unless it is sorted already as it is where all are equal. */
function sortRun(run: Uint32Array, compare: (left: number, right: number) => number): void {
  for (let place = 1; place < run.length; place++) {
    if (compare(run[place - 1], run[place]) <= 0) continue;
    run.sort(compare);
    return;
  }
}

/**
 * The order of records: sorted natively by the leading 32 bits of the first value, then runs of equal ones in full.
 *
 * @param count at most 2^21
 */
function sortedOrder(words: Uint32Array, count: number, layout: RecordLayout): Uint32Array {
  const keys = new Float64Array(count);
  for (let record = 0; record < count; record++) {
    keys[record] = leadingBits(words, record * layout.words, layout.valueWords) * MOST_SORTED_RECORDS + record;
  }
  keys.sort();
  const order = Uint32Array.from(keys, (key) => key % MOST_SORTED_RECORDS);
  const compare = (left: number, right: number) =>
    compareValues(words, left * layout.words, words, right * layout.words, layout) || left - right;
  for (let start = 0; start < count;) {
    const leading = Math.floor(keys[start] / MOST_SORTED_RECORDS);
    let end = start + 1;
    while (end < count && Math.floor(keys[end] / MOST_SORTED_RECORDS) === leading) end++;
    if (end - start > 1) sortRun(order.subarray(start, end), compare);
    start = end;
  }
  return order;
}

/** The first `count` records in ascending order; records that are alike must stand in the order of their documents. */
export function sortRecords(words: Uint32Array, count: number, layout: RecordLayout): Uint32Array {
  const sorted = new Uint32Array(count * layout.words);
  const order = sortedOrder(words, count, layout);
  let to = 0;
  for (let record = 0; record < count; record++) {
    // Word by word: views and set() take longer than the few words themselves.
    const start = order[record] * layout.words;
    for (let word = 0; word < layout.words; word++) sorted[to++] = words[start + word];
  }
  return sorted;
}
