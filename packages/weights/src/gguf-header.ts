/** The head of a GGUF file: magic, version, metadata, and the place of every tensor (ggml, docs/gguf.md, version 3). */
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { GgmlType } from './ggml-type.ts';
import { ggmlBytes, ggmlTypeId, ggmlTypeOf } from './ggml-type.ts';
import type { GgufMetadata } from './gguf-metadata.ts';
import { readGgufValue, writeGgufValue } from './gguf-metadata.ts';
import { WeightsError } from './weights-error.ts';

/** "GGUF" as a little-endian number. */
const MAGIC = 0x46554747;
const MOST_DIMENSIONS = 4;
const MOST_NAME_BYTES = 64;
/** Where data begins, unless `general.alignment` says otherwise. */
const DEFAULT_ALIGNMENT = 32;

/** Where a tensor of a GGUF file lies. */
export interface GgufTensorInfo {
  type: GgmlType;
  /** Row-major, the last size is the length of a row (the file has them the other way round). */
  shape: number[];
  /** Bytes from the start of the file. */
  begin: number;
  end: number;
}

/** What the head of a GGUF file says. */
export interface GgufHeader {
  metadata: GgufMetadata;
  /** In the order of the file. */
  tensors: Map<string, GgufTensorInfo>;
}

/** A tensor that is to get a place. */
export interface GgufTensorPlan {
  name: string;
  type: GgmlType;
  shape: readonly number[];
}

const padded = (position: number, alignment: number): number => Math.ceil(position / alignment) * alignment;

function checkStart(reader: ByteReader): void {
  const magic = reader.u32();
  if (magic !== MAGIC) throw new WeightsError('BAD_HEADER', `${reader.source}: does not begin with "GGUF"`);
  const version = reader.u32();
  if (version !== 2 && version !== 3) {
    throw new WeightsError('BAD_HEADER', `${reader.source}: GGUF version ${version} is not supported; 2 and 3 are`);
  }
}

function readMetadata(reader: ByteReader, count: number): GgufMetadata {
  const metadata: GgufMetadata = new Map();
  for (let index = 0; index < count; index++) {
    const key = reader.string();
    if (metadata.has(key)) throw new WeightsError('BAD_HEADER', `${reader.source}: key "${key}" occurs twice`);
    metadata.set(key, readGgufValue(reader, key));
  }
  return metadata;
}

function readShape(reader: ByteReader, where: string): number[] {
  const dimensions = reader.u32();
  if (dimensions < 1 || dimensions > MOST_DIMENSIONS) {
    throw new WeightsError('BAD_TENSOR', `${where}: must have 1 to ${MOST_DIMENSIONS} dimensions, got ${dimensions}`);
  }
  return Array.from({ length: dimensions }, () => reader.u64()).reverse();
}

/** A tensor whose offset still counts from the start of the data. */
function readTensor(reader: ByteReader): [name: string, info: GgufTensorInfo] {
  const name = reader.string();
  const where = `${reader.source}, tensor "${name}"`;
  const shape = readShape(reader, where);
  const id = reader.u32();
  const type = ggmlTypeOf(id);
  if (type === undefined) throw new WeightsError('UNSUPPORTED_DTYPE', `${where}: unknown or unsupported type ${id}`);
  const begin = reader.u64();
  return [name, { type, shape, begin, end: begin + ggmlBytes(type, shape, where) }];
}

function readTensors(reader: ByteReader, count: number): Map<string, GgufTensorInfo> {
  const tensors = new Map<string, GgufTensorInfo>();
  for (let index = 0; index < count; index++) {
    const [name, info] = readTensor(reader);
    if (tensors.has(name)) {
      throw new WeightsError('BAD_HEADER', `${reader.source}, tensor "${name}": occurs twice`);
    }
    tensors.set(name, info);
  }
  return tensors;
}

/** Data must follow in the order of the list, each at the next multiple of the alignment, to the end of the file. */
function place(
  tensors: Map<string, GgufTensorInfo>,
  dataStart: number,
  alignment: number,
  fileBytes: number,
  source: string,
): void {
  let expected = 0;
  let end = 0;
  for (const [name, info] of tensors) {
    const where = `${source}, tensor "${name}"`;
    if (info.begin !== expected) {
      throw new WeightsError(
        'BAD_TENSOR',
        `${where}: starts at byte ${info.begin} of the data, but must at ${expected} (no gap, no overlap)`,
      );
    }
    if (dataStart + info.end > fileBytes) {
      throw new WeightsError(
        'TRUNCATED',
        `${where}: ends at byte ${dataStart + info.end}, but the file has ${fileBytes}; fetch or copy it again`,
      );
    }
    end = info.end;
    expected = padded(end, alignment);
    info.begin += dataStart;
    info.end += dataStart;
  }
  if (fileBytes > padded(dataStart + end, alignment)) {
    throw new WeightsError('BAD_HEADER', `${source}: ${fileBytes - dataStart - end} bytes follow the last tensor`);
  }
}

function alignmentOf(metadata: GgufMetadata, source: string): number {
  const entry = metadata.get('general.alignment');
  if (entry === undefined) return DEFAULT_ALIGNMENT;
  const value = 'value' in entry ? entry.value : undefined;
  if (typeof value === 'number' && value >= 8 && value <= 2 ** 16 && Number.isInteger(Math.log2(value))) return value;
  throw new WeightsError(
    'BAD_HEADER',
    `${source}: general.alignment must be a power of two from 8 to 65536, got ${String(value)}`,
  );
}

/**
 * Reads and checks the head of a file. Nothing in it is believed: counts and lengths are held against the file's length
 * before anything is allocated, types and shapes must give the places of the data, and no key or name may occur twice.
 *
 * @param bytes the file, or its beginning
 * @param fileBytes length of the whole file
 * @param source names the file in errors
 * @throws WeightsError `BAD_HEADER`, `BAD_TENSOR`, `UNSUPPORTED_DTYPE` or `TRUNCATED`
 * @throws NeedMoreBytes when `bytes` ends before the head does
 */
export function parseGgufHeader(bytes: Uint8Array, fileBytes: number, source: string): GgufHeader {
  const reader = new ByteReader(bytes, fileBytes, source);
  checkStart(reader);
  const tensorCount = reader.u64();
  const keyCount = reader.u64();
  // A key takes at least 8 + 4 + 1 bytes, a tensor 8 + 4 + 8 + 4 + 8.
  const least = keyCount * 13 + tensorCount * 32;
  if (reader.position + least > fileBytes) {
    throw new WeightsError(
      'TRUNCATED',
      `${source}: ${keyCount} keys and ${tensorCount} tensors take at least ${least} bytes, but the file has ${fileBytes}; fetch or copy it again`,
    );
  }
  const metadata = readMetadata(reader, keyCount);
  const tensors = readTensors(reader, tensorCount);
  const alignment = alignmentOf(metadata, source);
  place(tensors, padded(reader.position, alignment), alignment, fileBytes, source);
  return { metadata, tensors };
}

function checkName(name: string): void {
  if (new TextEncoder().encode(name).length < MOST_NAME_BYTES) return;
  throw new WeightsError(
    'INVALID_ARGUMENT',
    `tensor "${name.slice(0, 80)}": names in GGUF are shorter than ${MOST_NAME_BYTES} bytes`,
  );
}

/**
 * The bytes before the data, up to a multiple of 32.
 *
 * @param plans tensors in the order in which their data will follow, each padded to a multiple of 32
 * @throws WeightsError `BAD_TENSOR` when a shape does not fit its type, `INVALID_ARGUMENT` when a name is too long
 */
export function encodeGgufHeader(metadata: GgufMetadata, plans: readonly GgufTensorPlan[]): Uint8Array {
  const writer = new ByteWriter();
  writer.u32(MAGIC);
  writer.u32(3);
  writer.u64(plans.length);
  writer.u64(metadata.size);
  for (const [key, value] of metadata) {
    writer.string(key);
    writeGgufValue(writer, value);
  }
  let offset = 0;
  for (const { name, type, shape } of plans) {
    checkName(name);
    writer.string(name);
    writer.u32(shape.length);
    for (const size of shape.toReversed()) writer.u64(size);
    writer.u32(ggmlTypeId(type));
    writer.u64(offset);
    offset = padded(offset + ggmlBytes(type, shape, `tensor "${name}"`), DEFAULT_ALIGNMENT);
  }
  writer.align(DEFAULT_ALIGNMENT);
  return writer.bytes;
}

/** Zeros that follow the data of a tensor. */
export function ggufPadding(dataBytes: number): Uint8Array {
  return new Uint8Array(padded(dataBytes, DEFAULT_ALIGNMENT) - dataBytes);
}
