import { keyOf, priorityOf, tokensOf } from './document-key.ts';
import { FINGERPRINT_WORDS, fingerprintOf } from './exact-deduplicator.ts';
import type { FileRecord } from './file-record.ts';
import type { RecordDocument } from './record-sorter.ts';
import { IdWriter } from './id-writer.ts';
import { NumberWriter } from './number-file.ts';
import { keyHash } from './packed-bloom-filter.ts';
import { NOTE_COLUMNS } from './part-filter.ts';
import type { FilterCommand, FilterContext, Scanner } from './part-filter.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';
import { join } from 'node:path';

function openNotes({ command, settings }: FilterContext, rank: number): NumberWriter {
  return new NumberWriter(settings.folder, stagePath.notes(rank), NOTE_COLUMNS[command]);
}

/** Of each document with a key: its fingerprint, its priority in two words, and its name. */
class ExactScanner implements Scanner {
  readonly #context: FilterContext;
  readonly #notes: NumberWriter;
  readonly #ids: IdWriter;
  readonly #row = new Uint32Array(NOTE_COLUMNS.exact);
  readonly #priority = new Float64Array(1);
  readonly #priorityWords = new Uint32Array(this.#priority.buffer);

  constructor(context: FilterContext, rank: number) {
    this.#context = context;
    this.#notes = openNotes(context, rank);
    this.#ids = new IdWriter(context.settings.folder, rank);
  }

  take(document: RecordDocument, record: number, { named, line }: Pick<FileRecord, 'named' | 'line'>): void {
    const { keys } = this.#context;
    const key = keyOf(keys, document);
    if (key === null) return;
    this.#row[0] = record;
    this.#row.set(fingerprintOf(key), 1);
    this.#priority[0] = priorityOf(keys, document);
    this.#row.set(this.#priorityWords, 1 + FINGERPRINT_WORDS);
    this.#notes.add(this.#row);
    this.#ids.add(named ? document.id : line);
  }

  close(): Record<string, FileSeal> {
    return { ...this.#notes.close(), ...this.#ids.close() };
  }
}

/** Of each document with a key: the hash of it. */
class BloomScanner implements Scanner {
  readonly #context: FilterContext;
  readonly #notes: NumberWriter;

  constructor(context: FilterContext, rank: number) {
    this.#context = context;
    this.#notes = openNotes(context, rank);
  }

  take(document: RecordDocument, record: number): void {
    const key = keyOf(this.#context.keys, document);
    if (key === null) return;
    const { low, high } = keyHash(key);
    this.#notes.add([record, low, high]);
  }

  close(): Record<string, FileSeal> {
    return this.#notes.close();
  }
}

/** Of each span of sentences: its hash in two words, and where it stands. */
class SpanScanner implements Scanner {
  readonly #notes: NumberWriter;
  readonly #deduplicator = new SentenceDeduplicator();

  constructor(context: FilterContext, rank: number) {
    this.#notes = openNotes(context, rank);
  }

  take({ text }: RecordDocument, record: number): void {
    for (const { hash, start, end } of this.#deduplicator.spansOf(text)) {
      this.#notes.add([record, Number(hash & 0xffff_ffffn), Number(hash >> 32n), start, end]);
    }
  }

  close(): Record<string, FileSeal> {
    return this.#notes.close();
  }
}

/** Of each document: how many symbols it has; and the symbols of all documents behind one another. */
class SymbolScanner implements Scanner {
  readonly #context: FilterContext;
  readonly #rank: number;
  readonly #notes: NumberWriter;
  readonly #symbols: StageFile;

  constructor(context: FilterContext, rank: number) {
    this.#context = context;
    this.#rank = rank;
    this.#notes = openNotes(context, rank);
    this.#symbols = new StageFile(join(context.settings.folder, stagePath.symbols(rank)), { sync: false });
  }

  take(document: RecordDocument, record: number): void {
    const { tokenKey } = this.#context.keys;
    const symbols = tokenKey === undefined ? Buffer.from(document.text) : tokensOf(tokenKey, document);
    this.#notes.add([record, symbols.length]);
    this.#symbols.write(new Uint8Array(symbols.buffer, symbols.byteOffset, symbols.byteLength));
  }

  close(): Record<string, FileSeal> {
    return { ...this.#notes.close(), [stagePath.symbols(this.#rank)]: this.#symbols.close() };
  }
}

const SCANNERS: Record<FilterCommand, new (context: FilterContext, rank: number) => Scanner> = {
  exact: ExactScanner,
  bloom: BloomScanner,
  sentences: SpanScanner,
  substrings: SymbolScanner,
};

/** What notes the documents of a part for a command. */
export const openScanner = (context: FilterContext, rank: number): Scanner =>
  new SCANNERS[context.command](context, rank);
