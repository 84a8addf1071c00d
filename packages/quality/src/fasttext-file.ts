/**
 * fastText's own file format (version 12, `.bin`, not quantized), so that models trained here run in fastText and the other way
 * round: magic, version, arguments, dictionary, input matrix, output matrix, everything little-endian.
 */
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { LABEL_PREFIX } from './fasttext-features.ts';
import { withPrefix, type DictionaryEntry, type FastTextLoss, type FastTextModel } from './fasttext-model.ts';
import { QualityError } from './quality-error.ts';

const MAGIC = 793_712_314;
const VERSION = 12;
const SUPERVISED = 3;
const LOSSES: readonly FastTextLoss[] = ['hierarchical', 'softmax', 'independent'];
/** fastText's numbers for {@link LOSSES}: hs, softmax, ova. */
const LOSS_NUMBERS = [1, 3, 4];
const CHUNK_BYTES = 1 << 26;

/** Reads a file front to back, never more of it in memory than is asked for. */
class FileCursor {
  readonly #file: number;
  readonly #path: string;
  readonly #size: number;
  #position = 0;
  #buffer = Buffer.alloc(0);
  #at = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'r');
    this.#size = fstatSync(this.#file).size;
  }

  int32 = (): number => this.#take(4).readInt32LE();
  int64 = (): number => Number(this.#take(8).readBigInt64LE());
  byte = (): number => this.#take(1)[0];
  double = (): number => this.#take(8).readDoubleLE();

  /** A string that ends with a zero byte. */
  string(): string {
    const bytes: number[] = [];
    for (let byte = this.byte(); byte !== 0; byte = this.byte()) bytes.push(byte);
    return Buffer.from(bytes).toString('utf8');
  }

  floats(count: number): Float32Array {
    if (!(count >= 0 && count * 4 <= this.#size)) throw this.damaged(`a matrix of ${count} numbers`);
    const floats = new Float32Array(count);
    const bytes = new Uint8Array(floats.buffer);
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = this.#take(Math.min(CHUNK_BYTES, bytes.length - at));
      bytes.set(chunk, at);
    }
    return floats;
  }

  /** The error for a file that says something impossible. */
  damaged(what: string): QualityError {
    return new QualityError(
      'MODEL_NOT_LOADED',
      `${this.#path}: expected a fastText .bin model (version 12, supervised, not quantized), got ${what}; ` +
        'quantized .ftz files are read by LanguageIdentifier only',
    );
  }

  close(): void {
    closeSync(this.#file);
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#buffer.length) this.#refill(count);
    const bytes = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    return bytes;
  }

  #refill(count: number): void {
    const rest = this.#buffer.subarray(this.#at);
    const wanted = Math.min(Math.max(count - rest.length, 1 << 16), this.#size - this.#position);
    const buffer = Buffer.alloc(rest.length + wanted);
    rest.copy(buffer);
    const read = readSync(this.#file, buffer, rest.length, wanted, this.#position);
    this.#position += read;
    this.#buffer = buffer.subarray(0, rest.length + read);
    this.#at = 0;
    if (this.#buffer.length < count) throw this.damaged('a file that ends too early');
  }
}

/**
 * Reads a supervised fastText model without subwords.
 *
 * @throws QualityError `MODEL_NOT_FOUND`; `MODEL_NOT_LOADED` when it is no such model, cut short or quantized
 */
export function readFastTextFile(path: string): FastTextModel {
  if (!existsSync(path)) {
    throw new QualityError('MODEL_NOT_FOUND', `${path}: expected a fastText .bin model, found no file; check the path`);
  }
  const cursor = new FileCursor(path);
  try {
    return readModel(cursor);
  } finally {
    cursor.close();
  }
}

function readModel(cursor: FileCursor): FastTextModel {
  if (cursor.int32() !== MAGIC || cursor.int32() !== VERSION) throw cursor.damaged('another kind of file');
  const settings = readArguments(cursor);
  const { words, labels } = readDictionary(cursor);
  const input = readMatrix(cursor, words.length + settings.buckets, settings.dimension);
  const output = readMatrix(cursor, labels.length, settings.dimension);
  return { ...settings, words, labels, input, output };
}

function readArguments(cursor: FileCursor) {
  const [dimension, , , , , wordNgrams, lossNumber, kind, bucketCount, , longestSubword] = Array.from(
    { length: 12 },
    cursor.int32,
  );
  cursor.double();
  const loss = LOSSES[LOSS_NUMBERS.indexOf(lossNumber)];
  if (kind !== SUPERVISED) throw cursor.damaged('word vectors, not a classifier');
  if (loss === undefined) throw cursor.damaged(`loss number ${lossNumber}`);
  if (longestSubword > 0) throw cursor.damaged('a model with subwords (maxn > 0)');
  if (dimension < 1 || bucketCount < 0) throw cursor.damaged(`dimension ${dimension} and ${bucketCount} buckets`);
  return { dimension, wordNgrams, loss, buckets: bucketCount };
}

function readDictionary(cursor: FileCursor): { words: DictionaryEntry[]; labels: DictionaryEntry[] } {
  const [size, wordCount, labelCount] = [cursor.int32(), cursor.int32(), cursor.int32()];
  cursor.int64(); // tokens seen
  const pruned = cursor.int64();
  if (size !== wordCount + labelCount)
    throw cursor.damaged(`${size} entries for ${wordCount} words and ${labelCount} labels`);
  if (pruned >= 0) throw cursor.damaged('a pruned dictionary');
  const words: DictionaryEntry[] = [];
  const labels: DictionaryEntry[] = [];
  for (let index = 0; index < size; index++) {
    const text = cursor.string();
    const count = cursor.int64();
    if (cursor.byte() === 0) words.push({ text, count });
    else labels.push({ text: text.slice(LABEL_PREFIX.length), count });
  }
  return { words, labels };
}

function readMatrix(cursor: FileCursor, rows: number, columns: number): Float32Array {
  if (cursor.byte() !== 0) throw cursor.damaged('a quantized matrix');
  const [storedRows, storedColumns] = [cursor.int64(), cursor.int64()];
  if (storedColumns !== columns || storedRows !== rows) {
    throw cursor.damaged(`a matrix of ${storedRows} × ${storedColumns} in the place of ${rows} × ${columns}`);
  }
  return cursor.floats(rows * columns);
}

/**
 * Writes a model for {@link readFastTextFile} and for fastText itself; it appears under its name when it is complete.
 *
 * @throws QualityError `UNWRITABLE_FILE`
 */
export function writeFastTextFile(path: string, model: FastTextModel): void {
  const temporary = `${path}.${process.pid}.partial`;
  try {
    const file = openSync(temporary, 'w');
    for (const part of encodeModel(model)) for (let at = 0; at < part.length;) at += writeSync(file, part, at);
    fsyncSync(file);
    closeSync(file);
    renameSync(temporary, path);
  } catch (cause) {
    throw new QualityError('UNWRITABLE_FILE', `${path}: cannot be written (${(cause as Error).message})`, { cause });
  }
}

function* encodeModel(model: FastTextModel): Generator<Uint8Array> {
  const { dimension, wordNgrams, loss, buckets, words, labels, input, output } = model;
  const lossNumber = LOSS_NUMBERS[LOSSES.indexOf(loss)];
  // dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate, t
  yield int32s(MAGIC, VERSION, dimension, 5, 1, 1, 5, wordNgrams, lossNumber, SUPERVISED, buckets, 0, 0, 100);
  yield new Uint8Array(Float64Array.of(1e-4).buffer);
  yield int32s(words.length + labels.length, words.length, labels.length);
  yield int64s(
    words.reduce((sum, { count }) => sum + count, 0),
    -1,
  );
  yield Buffer.concat(words.map(({ text, count }) => encodeEntry(text, count, 0)));
  yield Buffer.concat(labels.map(({ text, count }) => encodeEntry(withPrefix(text), count, 1)));
  yield* encodeMatrix(input, dimension);
  yield* encodeMatrix(output, dimension);
}

function encodeEntry(text: string, count: number, type: number): Buffer {
  return Buffer.concat([Buffer.from(`${text}\0`), int64s(count), Uint8Array.of(type)]);
}

function* encodeMatrix(values: Float32Array, columns: number): Generator<Uint8Array> {
  yield Uint8Array.of(0);
  yield int64s(values.length / columns, columns);
  yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function int32s(...values: number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(values).buffer);
}

function int64s(...values: number[]): Uint8Array {
  return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
}
