import type { Dtype } from './dtype.ts';
import { dtypeRank, isDtype, tensorBytes } from './dtype.ts';
import { findDuplicateKey } from './duplicate-keys.ts';
import { WeightsError } from './weights-error.ts';

/** Bytes before the header: its length as a little-endian u64. */
export const LENGTH_BYTES = 8;

/** The reference implementation reads no header longer than this (huggingface/safetensors, `MAX_HEADER_SIZE`). */
const MAXIMUM_HEADER_BYTES = 100_000_000;

/** Where a tensor lies; offsets in bytes from the end of the header. */
export interface TensorInfo {
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

/** What the header of a safetensors file says. */
export interface SafetensorsHeader {
  /** In the order of their places in the file. */
  tensors: Map<string, TensorInfo>;
  metadata: Record<string, string>;
}

const shorten = (value: unknown): string => String(JSON.stringify(value)).slice(0, 60);

/**
 * Reads the first eight bytes.
 *
 * @param fileBytes length of the whole file
 * @returns length of the header in bytes
 * @throws WeightsError `TRUNCATED` or `BAD_HEADER`
 */
export function parseHeaderLength(start: Uint8Array, fileBytes: number, source: string): number {
  if (start.byteLength < LENGTH_BYTES) {
    throw new WeightsError(
      'TRUNCATED',
      `${source}: a safetensors file has at least 8 bytes, this one has ${fileBytes}`,
    );
  }
  const view = new DataView(start.buffer, start.byteOffset, LENGTH_BYTES);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MAXIMUM_HEADER_BYTES) {
    throw new WeightsError(
      'BAD_HEADER',
      `${source}: the first 8 bytes announce a header of ${length} bytes (limit ${MAXIMUM_HEADER_BYTES}); is this a safetensors file?`,
    );
  }
  if (LENGTH_BYTES + length > fileBytes) {
    throw new WeightsError(
      'TRUNCATED',
      `${source}: the header takes ${LENGTH_BYTES + length} bytes, but the file has ${fileBytes}; fetch or copy it again`,
    );
  }
  return length;
}

function parseJson(bytes: Uint8Array, source: string): Record<string, unknown> {
  let text: string;
  let parsed: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new WeightsError('BAD_HEADER', `${source}: the header is not JSON in UTF-8 (${(cause as Error).message})`, {
      cause,
    });
  }
  if (!text.startsWith('{')) throw new WeightsError('BAD_HEADER', `${source}: the header must be a JSON object`);
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) {
    throw new WeightsError('BAD_HEADER', `${source}: "${duplicate}" occurs twice in the header`);
  }
  return parsed as Record<string, unknown>;
}

function parseMetadata(value: unknown, source: string): Record<string, string> {
  const isStringMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) => typeof entry === 'string');
  if (!isStringMap) {
    throw new WeightsError('BAD_HEADER', `${source}: __metadata__ must map strings to strings, got ${shorten(value)}`);
  }
  return value as Record<string, string>;
}

function parseOffsets(value: unknown, where: string): [number, number] {
  if (Array.isArray(value) && value.length === 2) {
    const [begin, end] = value as unknown[];
    const areOffsets = Number.isSafeInteger(begin) && Number.isSafeInteger(end);
    if (areOffsets && (begin as number) >= 0 && (begin as number) <= (end as number))
      return [begin as number, end as number];
  }
  throw new WeightsError(
    'BAD_TENSOR',
    `${where}: data_offsets must be [begin, end] with begin <= end, got ${shorten(value)}`,
  );
}

function parseTensorInfo(value: unknown, where: string): TensorInfo {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isDtype(dtype)) {
    throw new WeightsError('UNSUPPORTED_DTYPE', `${where}: unknown or unsupported dtype ${shorten(dtype)}`);
  }
  if (!Array.isArray(shape)) {
    throw new WeightsError('BAD_TENSOR', `${where}: shape must be an array of sizes, got ${shorten(shape)}`);
  }
  const [begin, end] = parseOffsets(offsets, where);
  const expected = tensorBytes(dtype, shape as number[], where);
  if (end - begin !== expected) {
    throw new WeightsError(
      'BAD_TENSOR',
      `${where}: shape [${shape.slice(0, 8)}] of ${dtype} takes ${expected} bytes, but data_offsets span ${end - begin}`,
    );
  }
  return { dtype, shape: shape as number[], begin, end };
}

/** Tensors must tile the payload: no gap, no overlap, nothing after the last. */
function checkTiling(tensors: [string, TensorInfo][], payloadBytes: number, source: string): void {
  let position = 0;
  for (const [name, { begin, end }] of tensors) {
    if (begin !== position) {
      throw new WeightsError(
        'BAD_TENSOR',
        `${source}, tensor "${name}": starts at byte ${begin} of the data, but the tensor before it ends at ${position}`,
      );
    }
    if (end > payloadBytes) {
      throw new WeightsError(
        'TRUNCATED',
        `${source}, tensor "${name}": ends at byte ${end} of the data, but the file has only ${payloadBytes}; fetch or copy it again`,
      );
    }
    position = end;
  }
  if (position !== payloadBytes) {
    throw new WeightsError('BAD_HEADER', `${source}: ${payloadBytes - position} bytes follow the last tensor`);
  }
}

/**
 * Reads and checks the JSON header. Nothing in it is believed: dtype, shape and offsets must agree with one another and
 * with the length of the file, offsets must tile the data, and no name may occur twice.
 *
 * @param payloadBytes bytes of the file after the header
 * @param source names the file in errors
 * @throws WeightsError `BAD_HEADER`, `BAD_TENSOR`, `UNSUPPORTED_DTYPE` or `TRUNCATED`
 */
export function parseHeader(bytes: Uint8Array, payloadBytes: number, source: string): SafetensorsHeader {
  const { __metadata__: metadata, ...entries } = parseJson(bytes, source);
  const tensors = Object.entries(entries).map(([name, value]): [string, TensorInfo] => [
    name,
    parseTensorInfo(value, `${source}, tensor "${name}"`),
  ]);
  tensors.sort(([, left], [, right]) => left.begin - right.begin || left.end - right.end);
  checkTiling(tensors, payloadBytes, source);
  return { tensors: new Map(tensors), metadata: metadata === undefined ? {} : parseMetadata(metadata, source) };
}

/** A tensor that is to get a place. */
export interface TensorPlan {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
}

/** Unicode code point order, as Rust and Python compare strings. */
function compareNames(left: string, right: string): number {
  const a = [...left];
  const b = [...right];
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return (a[index].codePointAt(0) as number) - (b[index].codePointAt(0) as number);
  }
  return a.length - b.length;
}

/** The order of the reference implementation: wide dtypes first, which keeps every tensor aligned; then by name. */
export function fileOrder<Plan extends TensorPlan>(plans: readonly Plan[]): Plan[] {
  return [...plans].sort(
    (left, right) => dtypeRank(right.dtype) - dtypeRank(left.dtype) || compareNames(left.name, right.name),
  );
}

function checkName(name: string): void {
  if (name === '__metadata__' || /\p{Surrogate}/u.test(name)) {
    throw new WeightsError('INVALID_ARGUMENT', `a tensor cannot be named ${JSON.stringify(name)}`);
  }
}

/**
 * The bytes before the data: length, JSON, spaces up to a multiple of 8.
 *
 * @param plans tensors in the order in which their data will follow
 * @throws WeightsError `INVALID_ARGUMENT` when a name is `__metadata__` or no Unicode text, or the header gets too long
 */
export function encodeHeader(plans: readonly TensorPlan[], metadata: Readonly<Record<string, string>>): Uint8Array {
  let position = 0;
  const entries: [string, unknown][] = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata]];
  for (const { name, dtype, shape } of plans) {
    checkName(name);
    const end = position + tensorBytes(dtype, shape, `tensor "${name}"`);
    entries.push([name, { dtype, shape, data_offsets: [position, end] }]);
    position = end;
  }
  const json = entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',');
  const text = new TextEncoder().encode(`{${json}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAXIMUM_HEADER_BYTES) {
    throw new WeightsError(
      'INVALID_ARGUMENT',
      `${plans.length} tensors need a header of ${length} bytes; write shards`,
    );
  }
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}
