import { closeSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { rankOf } from './cluster-memory.ts';
import { MARKING_BYTES, joinSymbols, markWindows, rangesOf } from './mark-windows.ts';
import type { KeptCopy } from './mark-windows.ts';
import { NumberFile } from './number-file.ts';
import { WindowFilter } from './window-filter.ts';
import type { SymbolRange, Symbols } from './window-filter.ts';

/**
 * Exact substrings of more text than memory holds. Sequences lie in files; a rolling hash tells which
 * parts of them may be repeated; these are cut into portions of which two fit into memory, and every two portions are sorted
 * together. A window is a repeat where one of these pairs shows it (again), so that the result does not depend on the cuts.
 */

/** How sequences are kept and compared. */
export interface PartsOptions {
  /** for files that may be deleted afterwards */
  folder: string;
  /** bytes of a symbol: 1 for text, 4 for token ids */
  width: 1 | 4;
  minimum: number;
  keep: KeptCopy;
  /** bytes for the slots of the filter, and then for suffix arrays */
  memory: number;
  /** told how many pairs of portions are done, of how many */
  onPair?: (done: number, total: number) => void;
}

/** A part of a sequence that may be repeated. */
interface Piece extends SymbolRange {
  sequence: number;
}

const RANGE_COLUMNS = 3;
/** Bytes for each symbol of both portions: what sorting takes, and the symbols, marks and joined copy. */
const PAIR_BYTES = 2 * (MARKING_BYTES + 8);

/** Files that are open at a time. */
const MOST_OPEN = 64;

/** Symbols that lie in many files behind one another, to be read at any place. */
class SymbolFiles {
  readonly #width: 1 | 4;
  readonly #paths: string[] = [];
  /** symbols before each file */
  readonly #starts: number[] = [0];
  readonly #open = new Map<number, number>();

  constructor(width: 1 | 4) {
    this.#width = width;
  }

  /** symbols in all files */
  get length(): number {
    return this.#starts.at(-1)!;
  }

  append(path: string, symbols: number): void {
    this.#paths.push(path);
    this.#starts.push(this.length + symbols);
  }

  #file(number: number): number {
    const known = this.#open.get(number);
    if (known !== undefined) return known;
    if (this.#open.size >= MOST_OPEN) this.close();
    const file = openSync(this.#paths[number], 'r');
    this.#open.set(number, file);
    return file;
  }

  /** Symbols of one file. */
  read(start: number, length: number): Symbols {
    const number = rankOf(this.#starts, start);
    const first = this.#width * (start - this.#starts[number]);
    const bytes = new Uint8Array(this.#width * length);
    for (let at = 0, got = -1; got !== 0 && at < bytes.length; at += got) {
      got = readSync(this.#file(number), bytes, at, bytes.length - at, first + at);
    }
    return this.#width === 1 ? bytes : new Uint32Array(bytes.buffer);
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }
}

/** Numbers in memory, as many as come. */
class NumberList {
  #numbers = new Float64Array(1024);
  length = 0;

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const grown = new Float64Array(2 * this.length);
      grown.set(this.#numbers);
      this.#numbers = grown;
    }
    this.#numbers[this.length++] = number;
  }

  at(index: number): number {
    return this.#numbers[index];
  }
}

/** Pieces whose symbols are sorted together, and which of their windows are repeats so far. */
interface Portion {
  pieces: Piece[];
  sequences: Symbols[];
  marks: Uint8Array;
}

/** Finds the repeated ranges of sequences that are given one after the other. */
export class SubstringParts {
  readonly #options: PartsOptions;
  readonly #path: (name: string) => string;
  readonly #symbols: SymbolFiles;
  /** where each sequence ends in the file */
  readonly #ends = new NumberList();

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#path = (name) => join(options.folder, name);
    this.#symbols = new SymbolFiles(options.width);
  }

  /** Takes the next sequences: a file of their symbols, and how many each of them has. */
  add(path: string, lengths: Iterable<number>): void {
    const before = this.#symbols.length;
    let end = before;
    for (const length of lengths) this.#ends.push((end += length));
    this.#symbols.append(path, end - before);
  }

  /**
   * Finds the repeats among all sequences.
   *
   * @returns asked for the numbers of sequences in ascending order, gives the repeated ranges of each
   */
  find(): (sequence: number) => SymbolRange[] {
    mkdirSync(this.#options.folder, { recursive: true });
    const portions = this.#cut(this.#findPieces());
    const pairs = portions.length < 2 ? portions.length : (portions.length * (portions.length - 1)) / 2;
    let done = 0;
    const finished = () => this.#options.onPair?.(++done, pairs);
    if (portions.length === 1) {
      this.#mark([this.#load(portions, 0)], [0]);
      finished();
    }
    for (let left = 0; left < portions.length; left++) {
      for (let right = left + 1; right < portions.length; right++) {
        this.#mark([this.#load(portions, left), this.#load(portions, right)], [left, right]);
        finished();
      }
    }
    this.#writeRanges(portions);
    const file = new NumberFile(this.#path('ranges'), RANGE_COLUMNS);
    return (sequence) => {
      const ranges: SymbolRange[] = [];
      for (let row = file.rowOf(sequence); row !== null; row = file.rowOf(sequence))
        ranges.push({ start: row[1], end: row[2] });
      return ranges;
    };
  }

  /** Deletes the files. */
  close(): void {
    this.#symbols.close();
    rmSync(this.#options.folder, { recursive: true });
  }

  #read(sequence: number): Symbols {
    const start = sequence === 0 ? 0 : this.#ends.at(sequence - 1);
    return this.#symbols.read(start, this.#ends.at(sequence) - start);
  }

  *#findPieces(): Generator<Piece> {
    const { minimum, memory } = this.#options;
    const filter = new WindowFilter(minimum, this.#symbols.length, memory);
    for (let sequence = 0; sequence < this.#ends.length; sequence++) filter.note(this.#read(sequence));
    for (let sequence = 0; sequence < this.#ends.length; sequence++) {
      for (const range of filter.candidates(this.#read(sequence))) yield* this.#split({ ...range, sequence });
    }
  }

  get #portionSymbols(): number {
    const { memory, minimum } = this.#options;
    return Math.max(4 * minimum, Math.floor(memory / PAIR_BYTES));
  }

  /** A long piece as several, which overlap so that every window lies in one of them, and begins in one only. */
  *#split({ sequence, start, end }: Piece): Generator<Piece> {
    const { minimum } = this.#options;
    const step = Math.max(1, (this.#portionSymbols >> 1) - minimum);
    for (let first = start; first + minimum <= end; first += step) {
      yield { sequence, start: first, end: Math.min(end, first + step + minimum - 1) };
    }
  }

  #cut(pieces: Iterable<Piece>): Piece[][] {
    const portions: Piece[][] = [];
    let length = Infinity;
    for (const piece of pieces) {
      const more = piece.end - piece.start;
      if (length + more > this.#portionSymbols) {
        portions.push([]);
        length = 0;
      }
      portions[portions.length - 1].push(piece);
      length += more;
    }
    return portions;
  }

  #marksOf(portion: number, length: number): Uint8Array {
    const marks = new Uint8Array(length);
    const file = openSync(this.#path(`marks-${portion}`), 'a+');
    readSync(file, marks, 0, length, 0);
    closeSync(file);
    return marks;
  }

  #load(portions: readonly Piece[][], portion: number): Portion {
    const pieces = portions[portion];
    const sequences = pieces.map(({ sequence, start, end }) => {
      const before = sequence === 0 ? 0 : this.#ends.at(sequence - 1);
      return this.#symbols.read(before + start, end - start);
    });
    const length = sequences.reduce((sum, symbols) => sum + symbols.length, 0);
    return { pieces, sequences, marks: this.#marksOf(portion, length) };
  }

  /** Marks the repeats among portions that are sorted together. */
  #mark(portions: readonly Portion[], numbers: readonly number[]): void {
    const { minimum, keep } = this.#options;
    const marks = markWindows(joinSymbols(portions.flatMap(({ sequences }) => sequences)), minimum, keep);
    let start = 0;
    for (const [index, { marks: known }] of portions.entries()) {
      for (let at = 0; at < known.length; at++) known[at] |= marks[start + at];
      start += known.length;
      const file = openSync(this.#path(`marks-${numbers[index]}`), 'w');
      writeSync(file, known);
      closeSync(file);
    }
  }

  #writeRanges(portions: readonly Piece[][]): void {
    const file = openSync(this.#path('ranges'), 'w');
    let last: [sequence: number, start: number, end: number] | null = null;
    const flush = () => last && writeSync(file, new Uint8Array(Uint32Array.from(last).buffer));
    for (const [portion, pieces] of portions.entries()) {
      const length = pieces.reduce((sum, { start, end }) => sum + end - start, 0);
      const marks = this.#marksOf(portion, length);
      let begin = 0;
      for (const { sequence, start, end } of pieces) {
        for (const range of rangesOf(marks.subarray(begin, begin + end - start), this.#options.minimum)) {
          const [from, to]: [number, number] = [start + range.start, start + range.end];
          if (last?.[0] === sequence && from <= last[2]) last[2] = Math.max(last[2], to);
          else {
            flush();
            last = [sequence, from, to];
          }
        }
        begin += end - start;
      }
    }
    flush();
    closeSync(file);
  }
}
