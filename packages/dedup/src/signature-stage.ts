import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TextDocument } from './exact-deduplicator.ts';
import type { FileRecord } from './file-record.ts';
import { IdWriter } from './id-writer.ts';
import type { MinHasher } from './min-hasher.ts';
import { readPart } from './read-records.ts';
import { mergeRecords } from './record-merge.ts';
import { MOST_SORTED_RECORDS, layoutOf, sortedRecords } from './signature-records.ts';
import type { RecordLayout } from './signature-records.ts';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';
import type { Advance, StageSettings, TaskResult } from './stage-settings.ts';
import type { Workspace } from './workspace.ts';

const LEAST_CAPACITY = 1024;
/** Places of records that are no documents, in the report of one file. */
const PROBLEMS_SHOWN = 100;

const asBytes = (words: Uint32Array) => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);

/**
 * Sorts the records of one input by parts that fit into memory, then merges the parts. All happens in one piece of memory:
 * a key for each record that is sorted, then the records, band after band.
 */
class SignatureSorter {
  readonly #settings: StageSettings;
  readonly #rank: number;
  readonly #layout: RecordLayout;
  readonly #words: Uint32Array;
  readonly #keys: Float64Array;
  readonly #capacity: number;
  #count = 0;
  #runs = 0;

  constructor(settings: StageSettings, rank: number, workspace: Workspace) {
    this.#settings = settings;
    this.#rank = rank;
    this.#layout = layoutOf(settings.minHash.rows, settings.minHash.hash);
    const wordsPerDocument = 2 + settings.minHash.bands * this.#layout.words;
    const fitting = Math.floor(settings.taskBytes / 4 / wordsPerDocument);
    this.#capacity = Math.max(LEAST_CAPACITY, Math.min(fitting, MOST_SORTED_RECORDS));
    this.#words = workspace.words(settings.taskBytes, this.#capacity * wordsPerDocument);
    this.#keys = new Float64Array(this.#words.buffer, 0, this.#capacity);
  }

  /** Where the records of a band begin. */
  #startOf(band: number): number {
    return this.#capacity * (2 + band * this.#layout.words);
  }

  add(signature: BigUint64Array, document: number): void {
    const words = new Uint32Array(signature.buffer, signature.byteOffset, 2 * signature.length);
    for (let band = 0; band < this.#settings.minHash.bands; band++) this.#put(band, words, document);
    if (++this.#count === this.#capacity) this.#spill();
  }

  /** @param signature as 32-bit words */
  #put(band: number, signature: Uint32Array, document: number): void {
    const { rows, valueWords, words } = this.#layout;
    const target = this.#words;
    const step = 2 / valueWords;
    let from = 2 * band * rows;
    let to = this.#startOf(band) + this.#count * words;
    for (const end = to + words - 1; to < end; from += step) target[to++] = signature[from];
    target[to] = document;
  }

  get #bands(): number[] {
    return Array.from({ length: this.#settings.minHash.bands }, (_, band) => band);
  }

  #spill(): void {
    for (const band of this.#bands) this.#write(stagePath.run(band, this.#rank, this.#runs), band);
    this.#runs++;
    this.#count = 0;
  }

  #write(path: string, band: number): FileSeal {
    const file = new StageFile(join(this.#settings.folder, path), { sync: false });
    const start = this.#startOf(band);
    const records = this.#words.subarray(start, start + this.#count * this.#layout.words);
    const keys = this.#keys.subarray(0, this.#count);
    for (const block of sortedRecords(records, keys, this.#layout)) file.write(asBytes(block));
    return file.close();
  }

  #merge(path: string, band: number): FileSeal {
    const { folder } = this.#settings;
    const runs = Array.from({ length: this.#runs }, (_, run) => join(folder, stagePath.run(band, this.#rank, run)));
    const file = new StageFile(join(folder, path), { sync: false });
    mergeRecords(runs, this.#layout, this.#words, (words, start) => {
      file.write(asBytes(words.subarray(start, start + this.#layout.words)));
    });
    return file.close();
  }

  finish(): Record<string, FileSeal> {
    if (this.#runs > 0) this.#spill();
    const files: Record<string, FileSeal> = {};
    for (const band of this.#bands) {
      const path = stagePath.signatures(band, this.#rank);
      files[path] = this.#runs > 0 ? this.#merge(path, band) : this.#write(path, band);
    }
    rmSync(join(this.#settings.folder, stagePath.runs(this.#rank)), { recursive: true, force: true });
    return files;
  }
}

/** Signs the documents of one part and counts what else is there. */
class PartSigner {
  readonly #hasher: MinHasher;
  readonly #sorter: SignatureSorter;
  readonly #ids: IdWriter;
  readonly counts = { lines: 0, read: 0, documents: 0, empty: 0, tooShort: 0, broken: 0, invalidUtf8: 0 };
  readonly problems: { line: number; problem: string }[] = [];

  constructor(settings: StageSettings, rank: number, workspace: Workspace) {
    this.#hasher = workspace.hasher(settings.minHash);
    this.#sorter = new SignatureSorter(settings, rank, workspace);
    this.#ids = new IdWriter(settings.folder, rank);
  }

  take({ document, problem, line, named, validUtf8 }: FileRecord): void {
    const { counts } = this;
    counts.read++;
    if (!validUtf8) counts.invalidUtf8++;
    if (document === null) {
      counts.broken++;
      if (this.problems.length < PROBLEMS_SHOWN) this.problems.push({ line, problem: problem! });
    } else if (document.text === '') counts.empty++;
    else this.#sign(document, named ? document.id : line);
  }

  #sign({ text }: TextDocument, id: string | number): void {
    this.#ids.add(id);
    const signature = this.#hasher.signature(text);
    if (signature === null) this.counts.tooShort++;
    else this.#sorter.add(signature, this.counts.documents);
    this.counts.documents++;
  }

  finish(): TaskResult {
    const files = { ...this.#sorter.finish(), ...this.#ids.close() };
    return { files, counts: this.counts, details: { problems: this.problems } };
  }
}

/**
 * Stage 1 for one part: `bucket_BBB/RRRRR.minhash.sig` for each band, records of the band's values and the document's
 * number, sorted; bytes as datatrove writes them. Documents are numbered as datatrove does: those with an empty text have
 * no number.
 */
export async function signInput(
  settings: StageSettings,
  rank: number,
  workspace: Workspace,
  advance: Advance,
): Promise<TaskResult> {
  const signer = new PartSigner(settings, rank, workspace);
  let lines = 0;
  const options = { onlyFields: [], onBytes: advance, onLines: (count: number) => (lines = count) };
  for await (const group of readPart(settings, rank, options)) {
    for (const record of group) signer.take(record);
  }
  signer.counts.lines = lines;
  return signer.finish();
}
