/**
 * Suffix arrays by induced sorting: Nong, Zhang and Chan, "Two Efficient Algorithms for Linear Time Suffix Array
 * Construction" (IEEE Transactions on Computers 60, 2011).
 *
 * A suffix is of type S if it is smaller than the next one, else L; it is LMS if it is S and the one before is L. Sorted
 * LMS suffixes put all others in order by two passes.
 */

type Symbols = Uint8Array | Int32Array;

/** A text with what all passes need to know about it. */
interface TypedText {
  symbols: Symbols;
  /** 1 where a suffix is of type S */
  smaller: Uint8Array;
  /** where suffixes of type L, and of type S, begin in the bucket of their first symbol */
  starts: { larger: Int32Array; smaller: Int32Array };
}

function classify(symbols: Symbols, largest: number): TypedText {
  const smaller = new Uint8Array(symbols.length);
  for (let at = symbols.length - 2; at >= 0; at--) {
    const equal = symbols[at] === symbols[at + 1];
    smaller[at] = equal ? smaller[at + 1] : Number(symbols[at] < symbols[at + 1]);
  }
  const starts = { larger: new Int32Array(largest + 2), smaller: new Int32Array(largest + 1) };
  for (let at = 0; at < symbols.length; at++) {
    if (smaller[at] === 0) starts.smaller[symbols[at]]++;
    else starts.larger[symbols[at] + 1]++;
  }
  for (let symbol = 0; symbol <= largest; symbol++) {
    starts.smaller[symbol] += starts.larger[symbol];
    starts.larger[symbol + 1] += starts.smaller[symbol];
  }
  return { symbols, smaller, starts };
}

/** Sorts all suffixes, given LMS suffixes in their order (or in any, to sort what lies between them). */
function induce({ symbols, smaller, starts }: TypedText, leaders: Int32Array, suffixes: Int32Array): void {
  const { length } = symbols;
  suffixes.fill(-1);
  let next = starts.smaller.slice();
  for (const at of leaders) suffixes[next[symbols[at]]++] = at;
  next = starts.larger.slice();
  suffixes[next[symbols[length - 1]]++] = length - 1;
  for (let place = 0; place < length; place++) {
    const at = suffixes[place] - 1;
    if (at >= 0 && smaller[at] === 0) suffixes[next[symbols[at]]++] = at;
  }
  next = starts.larger.slice();
  for (let place = length - 1; place >= 0; place--) {
    const at = suffixes[place] - 1;
    if (at >= 0 && smaller[at] === 1) suffixes[--next[symbols[at] + 1]] = at;
  }
}

function findLeaders(smaller: Uint8Array): Int32Array {
  let count = 0;
  for (let at = 1; at < smaller.length; at++) if (smaller[at] > smaller[at - 1]) count++;
  const leaders = new Int32Array(count);
  count = 0;
  for (let at = 1; at < smaller.length; at++) if (smaller[at] > smaller[at - 1]) leaders[count++] = at;
  return leaders;
}

/** Whether the symbols from one leader to the next are the same as from another. */
function equalPieces(symbols: Symbols, left: number, leftEnd: number, right: number, rightEnd: number): boolean {
  if (leftEnd - left !== rightEnd - right) return false;
  for (; left < leftEnd; left++, right++) if (symbols[left] !== symbols[right]) return false;
  return left < symbols.length && right < symbols.length && symbols[left] === symbols[right];
}

/** Names the pieces between leaders by their order, so that a shorter text stands for the leaders' suffixes. */
function namePieces(
  symbols: Symbols,
  leaders: Int32Array,
  suffixes: Int32Array,
): { names: Int32Array; largest: number } {
  const numbers = new Int32Array(symbols.length).fill(-1);
  for (let leader = 0; leader < leaders.length; leader++) numbers[leaders[leader]] = leader;
  const endOf = (leader: number) => (leader + 1 < leaders.length ? leaders[leader + 1] : symbols.length);
  const names = new Int32Array(leaders.length);
  let [largest, before] = [0, -1];
  for (const at of suffixes) {
    const leader = numbers[at];
    if (leader < 0) continue;
    if (before >= 0 && !equalPieces(symbols, leaders[before], endOf(before), at, endOf(leader))) largest++;
    names[leader] = largest;
    before = leader;
  }
  return { names, largest };
}

function sortSuffixes(symbols: Symbols, largest: number): Int32Array {
  const suffixes = new Int32Array(symbols.length);
  if (symbols.length < 2) return suffixes;
  const text = classify(symbols, largest);
  const leaders = findLeaders(text.smaller);
  induce(text, leaders, suffixes);
  if (leaders.length === 0) return suffixes;
  const pieces = namePieces(symbols, leaders, suffixes);
  const order = sortSuffixes(pieces.names, pieces.largest);
  induce(
    text,
    order.map((leader) => leaders[leader]),
    suffixes,
  );
  return suffixes;
}

/**
 * Where the suffixes of a text begin, in the order of their symbols; one that is a beginning of another comes first. Time
 * linear in the length, memory about 20 bytes per symbol.
 *
 * @param largest symbols are numbers from 0 to this one
 */
export function buildSuffixArray(symbols: Symbols, largest = 255): Int32Array {
  return sortSuffixes(symbols, largest);
}

/**
 * How many symbols each suffix has in common with the one before it in the suffix array, counted up to `most`; by place in
 * the suffix array, 0 for the first. In the order of the text, each has at least one less than the one before (Kärkkäinen,
 * Manzini and Puglisi, "Permuted Longest-Common-Prefix Array", 2009).
 */
export function commonPrefixes(symbols: Symbols, suffixes: Int32Array, most: number): Int32Array {
  const before = new Int32Array(suffixes.length).fill(-1);
  for (let place = 1; place < suffixes.length; place++) before[suffixes[place]] = suffixes[place - 1];
  const lengths = before; // Each is read once, and its place taken by the length.
  let length = 0;
  for (let at = 0; at < symbols.length; at++) {
    const other = before[at];
    const room = other < 0 ? 0 : Math.min(most, symbols.length - Math.max(at, other));
    while (length < room && symbols[at + length] === symbols[other + length]) length++;
    lengths[at] = length;
    if (length > 0) length--;
  }
  const common = new Int32Array(suffixes.length);
  for (let place = 0; place < suffixes.length; place++) common[place] = lengths[suffixes[place]];
  return common;
}
