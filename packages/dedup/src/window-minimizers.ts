import type { Symbols } from './window-filter.ts';

const ORDER_FACTOR = 0x9e3779b1;
const NAME_FACTOR = 0x2545f491;

/** A factor to a power, modulo 2^32. */
function powerOf(factor: number, exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = Math.imul(power, factor);
  return power;
}

/** A permutation of 32-bit numbers, after which all bits depend on all. */
export function mixBits(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const again = Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39);
  return (again ^ (again >>> 16)) >>> 0;
}

/** Told of windows behind one another that have one minimizer: where the first begins, where the one after the last does. */
export type TakeRun = (first: number, end: number, name: number) => void;

/**
 * Minimizers of windows (Roberts et al., "Reducing storage requirements for biological sequence comparison", 2004): of all
 * pieces of half its length, the one whose hash is smallest stands for a window, the last of equal ones. Equal windows have
 * equal minimizers, at different places; neighbours mostly have the same one, so that there are few places to look at.
 */
export class WindowMinimizers {
  readonly #window: number;
  readonly #piece: number;
  /** places of pieces that may yet be the smallest, ascending by place and hash, in a ring; with their hashes */
  readonly #ring: { mask: number; places: Int32Array; orders: Uint32Array; names: Uint32Array };
  readonly #oldest: { order: number; name: number };

  /** @param window symbols of a window */
  constructor(window: number) {
    this.#window = window;
    this.#piece = Math.ceil(window / 2);
    const size = 2 ** Math.ceil(Math.log2(window + 1));
    this.#ring = {
      mask: size - 1,
      places: new Int32Array(size),
      orders: new Uint32Array(size),
      names: new Uint32Array(size),
    };
    this.#oldest = { order: powerOf(ORDER_FACTOR, this.#piece), name: powerOf(NAME_FACTOR, this.#piece) };
  }

  /** Windows for each place of a minimizer, in a text without repeats. */
  get windowsPerPlace(): number {
    return (this.#window - this.#piece + 2) / 2;
  }

  /** Goes through the windows of a sequence, in order; `name` is a hash of the minimizer. Time linear in the length. */
  visit(symbols: Symbols, take: TakeRun): void {
    const [window, piece, { mask, places, orders, names }] = [this.#window, this.#piece, this.#ring];
    const { order: oldestOrder, name: oldestName } = this.#oldest;
    let [orderHash, nameHash, head, tail] = [0, 0, 0, 0];
    let [first, place, name] = [0, -1, 0];
    for (let at = 0; at < symbols.length; at++) {
      const symbol = symbols[at] + 1;
      orderHash = (Math.imul(orderHash, ORDER_FACTOR) + symbol) | 0;
      nameHash = (Math.imul(nameHash, NAME_FACTOR) + symbol) | 0;
      const start = at - piece + 1;
      if (start < 0) continue;
      if (start > 0) {
        orderHash = (orderHash - Math.imul(symbols[start - 1] + 1, oldestOrder)) | 0;
        nameHash = (nameHash - Math.imul(symbols[start - 1] + 1, oldestName)) | 0;
      }
      const order = Math.imul(orderHash ^ (orderHash >>> 15), 0x2c1b3c6d) >>> 0;
      while (tail > head && orders[(tail - 1) & mask] >= order) tail--;
      places[tail & mask] = start;
      orders[tail & mask] = order;
      names[tail++ & mask] = nameHash;
      const begin = at - window + 1;
      if (begin < 0) continue;
      if (places[head & mask] < begin) head++;
      if (places[head & mask] === place) continue;
      if (place >= 0) take(first, begin, name);
      [first, place, name] = [begin, places[head & mask], names[head & mask]];
    }
    if (place >= 0) take(first, symbols.length - window + 1, name);
  }
}
