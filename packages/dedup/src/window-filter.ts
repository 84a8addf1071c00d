import { WindowMinimizers, mixBits } from './window-minimizers.ts';

/** A text or a list of token ids, as numbers. */
export type Symbols = Uint8Array | Uint32Array;

/** A part of a sequence, from `start` up to, not including, `end`. */
export interface SymbolRange {
  start: number;
  end: number;
}

const LEAST_SLOTS_LOG2 = 16;
/** A slot's number has 32 bits at most. */
const MOST_SLOTS_LOG2 = 32;
/** Slots for each place of a minimizer: one that meets another's slot by chance brings in as much as a hundred windows. */
const SLOTS_PER_PLACE = 256;

/** Adds a range, not before the last of a list: to the last if it touches that. */
export function joinRange(ranges: SymbolRange[], start: number, end: number): void {
  const last = ranges.at(-1);
  if (last && start <= last.end) last.end = Math.max(last.end, end);
  else ranges.push({ start, end });
}

/**
 * Says which windows of a number of symbols may occur more than once, so that the rest, most of any text, need not be
 * sorted: those whose minimizer stands in more than one place. No window that occurs twice is missed; a few that occur once
 * are taken for more.
 */
export class WindowFilter {
  readonly #size: number;
  readonly #minimizers: WindowMinimizers;
  readonly #shift: number;
  readonly #once: Uint32Array;
  readonly #twice: Uint32Array;

  /**
   * @param size symbols of a window
   * @param windows how many there will be
   * @param memory most bytes of the slots
   */
  constructor(size: number, windows: number, memory: number) {
    this.#size = size;
    this.#minimizers = new WindowMinimizers(size);
    const places = Math.max(1, windows / this.#minimizers.windowsPerPlace);
    const wanted = Math.ceil(Math.log2(places * SLOTS_PER_PLACE));
    const affordable = Math.floor(Math.log2(4 * memory));
    const log2 = Math.max(LEAST_SLOTS_LOG2, Math.min(wanted, affordable, MOST_SLOTS_LOG2));
    this.#shift = 32 - log2;
    this.#once = new Uint32Array(2 ** (log2 - 5));
    this.#twice = new Uint32Array(2 ** (log2 - 5));
  }

  /** Takes a sequence; all of them must be taken before the first question. */
  note(symbols: Symbols): void {
    const [once, twice, shift] = [this.#once, this.#twice, this.#shift];
    this.#minimizers.visit(symbols, (_first, _end, name) => {
      const slot = mixBits(name) >>> shift;
      const bit = 1 << (slot & 31);
      if ((once[slot >>> 5] & bit) === 0) once[slot >>> 5] |= bit;
      else twice[slot >>> 5] |= bit;
    });
  }

  /** The parts of a sequence that are made of windows that may be repeated; ascending, apart from each other. */
  candidates(symbols: Symbols): SymbolRange[] {
    const [twice, shift] = [this.#twice, this.#shift];
    const ranges: SymbolRange[] = [];
    this.#minimizers.visit(symbols, (first, end, name) => {
      const slot = mixBits(name) >>> shift;
      if ((twice[slot >>> 5] & (1 << (slot & 31))) !== 0) joinRange(ranges, first, end + this.#size - 1);
    });
    return ranges;
  }
}
