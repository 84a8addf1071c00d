import { BitReader, BitWriter } from './bit-stream.ts';
import { decodeLogProbability, encodeLogProbability, FallingCode, logBits } from './log-probability-code.ts';
import { checkK, rowProbabilities, sampleRow, topRow } from './teacher-row.ts';

/** What a cache keeps of each token: the `k` likeliest ids, or `k` ids that were sampled. */
export interface RecordFormat {
  kind: 'top-k' | 'sampled';
  k: number;
  vocabularySize: number;
  temperature: number;
}

/** The likeliest ids of a `top-k` record whose log-probabilities are stored for themselves; so is the last one's. */
const exactCount = 3;

function idBits(vocabularySize: number): number {
  return Math.max(1, Math.ceil(Math.log2(vocabularySize)));
}

/** Bits of a step between two log-probabilities: with 50 ids of up to 131,072 a record stays at 130 bytes. */
function stepBits(vocabularySize: number): number {
  return vocabularySize > 2 ** 16 ? 3 : 4;
}

/** Whether rank `index` of a `top-k` record is stored for itself. */
function isExact(index: number, k: number): boolean {
  return index < exactCount || index === k - 1;
}

/** Bytes of one token's record; all records of a cache are of one size. */
export function recordBytes({ kind, k, vocabularySize }: RecordFormat): number {
  const steps = kind === 'sampled' ? 0 : Math.max(0, k - exactCount - 1);
  const bits = k * idBits(vocabularySize) + (k - steps) * logBits + steps * stepBits(vocabularySize);
  return Math.ceil(bits / 8);
}

function writeSampled(out: BitWriter, format: RecordFormat, p: Float64Array, uniform: number): void {
  const { ids, weights } = sampleRow(p, format.k, uniform);
  const width = idBits(format.vocabularySize);
  for (let index = 0; index < ids.length; index++) {
    out.write(ids[index], width);
    out.write(encodeLogProbability(Math.log(weights[index])), logBits);
  }
}

function writeTop(out: BitWriter, { k, vocabularySize }: RecordFormat, p: Float64Array): void {
  const { ids, probabilities } = topRow(p, k);
  for (const id of ids) out.write(id, idBits(vocabularySize));
  const bits = stepBits(vocabularySize);
  const codes = Array.from(probabilities, (probability) => encodeLogProbability(Math.log(probability)));
  const exact = codes.filter((_, index) => isExact(index, k));
  for (const code of exact) out.write(code, logBits);
  if (k <= exactCount + 1) return;
  const falling = fallingCode(k, bits, exact);
  for (let index = exactCount; index < k - 1; index++) {
    const code = falling.encode(Math.log(probabilities[index]));
    falling.step(code);
    out.write(code, bits);
  }
}

function fallingCode(k: number, bits: number, exact: readonly number[]): FallingCode {
  const [first, last] = [exact[exactCount - 1], exact[exactCount]].map(decodeLogProbability);
  return new FallingCode(bits, { first, rank: exactCount, last, count: k });
}

/**
 * Writes what is kept of one row of a teacher.
 *
 * @param logits [V]
 * @param bytes filled from `start` on, `recordBytes` of them
 * @param uniform in [0, 1), for `sampled`
 * @param place named in errors
 * @throws DistillError `BAD_LOGITS`, `BAD_OPTION`
 */
export function encodeRecord(
  format: RecordFormat,
  logits: Float32Array,
  { bytes, start, uniform, place }: { bytes: Uint8Array; start: number; uniform: number; place: string },
): void {
  checkK(format.k, format.vocabularySize);
  const p = rowProbabilities(logits, format.temperature, place);
  const out = new BitWriter(bytes, start);
  if (format.kind === 'sampled') writeSampled(out, format, p, uniform);
  else writeTop(out, format, p);
  out.flush();
}

/** Where {@link decodeRecord} puts a record: from `offset` on, k places each. */
export interface DecodedRecords {
  ids: Int32Array;
  /** log-probabilities (`top-k`) or weights that sum to 1 (`sampled`) */
  values: Float32Array;
}

function readSampled(input: BitReader, { k, vocabularySize }: RecordFormat, out: DecodedRecords, offset: number): void {
  let sum = 0;
  const width = idBits(vocabularySize);
  for (let index = offset; index < offset + k; index++) {
    out.ids[index] = input.read(width);
    sum += out.values[index] = Math.exp(decodeLogProbability(input.read(logBits)));
  }
  for (let index = offset; index < offset + k; index++) out.values[index] /= sum;
}

function readTop(input: BitReader, { k, vocabularySize }: RecordFormat, out: DecodedRecords, offset: number): void {
  const width = idBits(vocabularySize);
  for (let index = 0; index < k; index++) out.ids[offset + index] = input.read(width);
  const exact: number[] = [];
  for (let index = 0; index < Math.min(k, exactCount + 1); index++) exact.push(input.read(logBits));
  for (let index = 0; index < Math.min(k, exactCount); index++)
    out.values[offset + index] = decodeLogProbability(exact[index]);
  if (k > exactCount) out.values[offset + k - 1] = decodeLogProbability(exact[exactCount]);
  if (k <= exactCount + 1) return;
  const bits = stepBits(vocabularySize);
  const falling = fallingCode(k, bits, exact);
  for (let index = exactCount; index < k - 1; index++) out.values[offset + index] = falling.step(input.read(bits));
}

/** Reads what {@link encodeRecord} wrote. */
export function decodeRecord(
  format: RecordFormat,
  { bytes, start }: { bytes: Uint8Array; start: number },
  out: DecodedRecords,
  offset: number,
): void {
  const input = new BitReader(bytes, start);
  if (format.kind === 'sampled') readSampled(input, format, out, offset);
  else readTop(input, format, out, offset);
}
