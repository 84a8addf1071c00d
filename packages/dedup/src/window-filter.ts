/** A text or a list of token ids, as numbers. */
export type Symbols = Uint8Array | Uint32Array;

/** A part of a sequence, from `start` up to, not including, `end`. */
export interface SymbolRange {
  start: number;
  end: number;
}

const FACTOR = 0x9e3779b1;
const LEAST_SLOTS_LOG2 = 16;
/** A slot's number has 32 bits at most. */
const MOST_SLOTS_LOG2 = 32;
/** Slots for each window, so that few windows meet another one's slot by chance. */
const SLOTS_PER_WINDOW = 8;

/** Windows that are hashed together. */
const BLOCK_WINDOWS = 1 << 14;

/** FACTOR to a power, modulo 2^32. */
function powerOf(exponent: number): number {
  let power = 1;
  for (let i = 0; i < exponent; i++) power = Math.imul(power, FACTOR);
  return power;
}

/**
 * Says which windows of a number of symbols may occur more than once, so that the rest, most of any text, need not be
 * sorted: a polynomial hash rolls over all sequences and marks a slot for each window, once and twice. No window that
 * occurs twice is missed; a few that occur once are taken for more.
 */
export class WindowFilter {
  readonly #size: number;
  readonly #oldest: number;
  readonly #shift: number;
  readonly #slots = new Uint32Array(BLOCK_WINDOWS);
  readonly #once: Uint32Array;
  readonly #twice: Uint32Array;

  /**
   * @param size symbols of a window
   * @param windows how many there will be
   * @param memory most bytes of the slots
   */
  constructor(size: number, windows: number, memory: number) {
    const wanted = Math.ceil(Math.log2(Math.max(1, windows * SLOTS_PER_WINDOW)));
    const affordable = Math.floor(Math.log2(4 * memory));
    const log2 = Math.max(LEAST_SLOTS_LOG2, Math.min(wanted, affordable, MOST_SLOTS_LOG2));
    this.#size = size;
    this.#oldest = powerOf(size - 1);
    this.#shift = 32 - log2;
    this.#once = new Uint32Array(2 ** (log2 - 5));
    this.#twice = new Uint32Array(2 ** (log2 - 5));
  }

  /** The slots of the windows that begin at `start` and after, as many as a block has room for; gives how many there are. */
  #fill(symbols: Symbols, start: number): number {
    const [size, oldest, shift, slots] = [this.#size, this.#oldest, this.#shift, this.#slots];
    const count = Math.min(slots.length, symbols.length - size + 1 - start);
    let hash = 0;
    for (let at = start; at < start + size - 1; at++) hash = (Math.imul(hash, FACTOR) + symbols[at] + 1) | 0;
    for (let window = 0; window < count; window++) {
      const at = start + window;
      hash = (Math.imul(hash, FACTOR) + symbols[at + size - 1] + 1) | 0;
      const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      slots[window] = (mixed ^ (mixed >>> 13)) >>> shift;
      hash = (hash - Math.imul(symbols[at] + 1, oldest)) | 0;
    }
    return count;
  }

  /** Takes a sequence; all of them must be taken before the first question. */
  note(symbols: Symbols): void {
    const [once, twice, slots] = [this.#once, this.#twice, this.#slots];
    for (let start = 0; start + this.#size <= symbols.length; start += slots.length) {
      const count = this.#fill(symbols, start);
      for (let window = 0; window < count; window++) {
        const word = slots[window] >>> 5;
        const bit = 1 << (slots[window] & 31);
        if ((once[word] & bit) === 0) once[word] |= bit;
        else twice[word] |= bit;
      }
    }
  }

  /** The parts of a sequence that are made of windows that may be repeated; ascending, apart from each other. */
  candidates(symbols: Symbols): SymbolRange[] {
    const [twice, slots] = [this.#twice, this.#slots];
    const ranges: SymbolRange[] = [];
    let last: SymbolRange | undefined;
    for (let start = 0; start + this.#size <= symbols.length; start += slots.length) {
      const count = this.#fill(symbols, start);
      for (let window = 0; window < count; window++) {
        if ((twice[slots[window] >>> 5] & (1 << (slots[window] & 31))) === 0) continue;
        const at = start + window;
        if (last && at <= last.end) last.end = at + this.#size;
        else ranges.push((last = { start: at, end: at + this.#size }));
      }
    }
    return ranges;
  }
}
