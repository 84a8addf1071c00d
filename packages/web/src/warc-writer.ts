import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { formatHeaderBlock } from './header-fields.ts';
import { WebError } from './web-error.ts';

/** What `encodeWarcRecord` needs to know of a record. */
export interface WarcRecordFields {
  /** Default `response`. */
  type?: 'response' | 'conversion' | 'warcinfo' | 'request' | 'metadata' | 'resource';
  url?: string;
  /** ISO 8601 with `Z`, as `WARC-Date` wants it. */
  date: string;
  /** The HTTP body of a response (stored as it is), the block of any other record. */
  payload: Uint8Array | string;
  /** Status and headers of a response. Default 200 and `Content-Type: text/html; charset=utf-8`. */
  http?: { status?: number; statusText?: string; headers?: Record<string, string> };
  /** Media type of the block of records other than responses. */
  contentType?: string;
  /** More WARC headers, such as `WARC-Identified-Payload-Type`. */
  headers?: Record<string, string>;
}

/**
 * The bytes of one WARC/1.1 record: a gzip member, or plain. The record's id is made from its content, and the gzip header
 * carries no time and no system, so that the same record gives the same bytes.
 *
 * @throws WebError `INVALID_ARGUMENT` when the date is not of the form `2024-01-31T12:00:00Z`
 */
export function encodeWarcRecord(fields: WarcRecordFields, { gzip = true }: { gzip?: boolean } = {}): Uint8Array {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/.test(fields.date)) {
    throw new WebError(
      'INVALID_ARGUMENT',
      `date must be like 2024-01-31T12:00:00Z, got ${JSON.stringify(fields.date)}`,
    );
  }
  const payload = Buffer.from(fields.payload as Uint8Array);
  const block = (fields.type ?? 'response') === 'response' ? responseBlock(fields, payload) : payload;
  const header = formatHeaderBlock('WARC/1.1', warcHeaders(fields, payload, block));
  const record = Buffer.concat([Buffer.from(header), block, Buffer.from('\r\n\r\n')]);
  return gzip ? gzipMember(record) : record;
}

function responseBlock({ http = {} }: WarcRecordFields, payload: Uint8Array): Buffer {
  const { status = 200, statusText = 'OK', headers = { 'Content-Type': 'text/html; charset=utf-8' } } = http;
  const start = formatHeaderBlock(`HTTP/1.1 ${status} ${statusText}`, Object.entries(headers));
  return Buffer.concat([Buffer.from(start, 'latin1'), payload]);
}

function warcHeaders(fields: WarcRecordFields, payload: Uint8Array, block: Uint8Array): [string, string][] {
  const { type = 'response', url, date, contentType = 'application/octet-stream' } = fields;
  const headers: [string, string][] = [['WARC-Type', type]];
  if (url !== undefined) headers.push(['WARC-Target-URI', url]);
  headers.push(['WARC-Date', date], ['WARC-Record-ID', recordId([type, url ?? '', date], block)]);
  if (type === 'response') headers.push(['WARC-Payload-Digest', sha1(payload)]);
  headers.push(['WARC-Block-Digest', sha1(block)]);
  headers.push(['Content-Type', type === 'response' ? 'application/http; msgtype=response' : contentType]);
  headers.push(...Object.entries(fields.headers ?? {}), ['Content-Length', String(block.length)]);
  return headers;
}

/** A UUID (version 8, RFC 9562 §5.8) made of the record's SHA-256. */
function recordId(identity: readonly string[], block: Uint8Array): string {
  const hash = createHash('sha256').update(JSON.stringify(identity)).update(block).digest();
  hash[6] = 0x80 | (hash[6] & 0x0f);
  hash[8] = 0x80 | (hash[8] & 0x3f);
  const hex = hash.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)];
  return `<urn:uuid:${parts.join('-')}>`;
}

/** `sha1:` and the digest in base 32 (RFC 4648 §6), as crawlers write it; 160 bits need no padding. */
function sha1(bytes: Uint8Array): string {
  const bits = [...createHash('sha1').update(bytes).digest()].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const digits = bits.match(/.{5}/g) ?? [];
  return `sha1:${digits.map((digit) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(digit, 2)]).join('')}`;
}

function gzipMember(bytes: Uint8Array): Uint8Array {
  const member = gzipSync(bytes, { level: 9 });
  member[9] = 255; // operating system: unknown, so that machines agree
  return member;
}

/** Writes records to a WARC file that appears under its name when it is closed. */
export class WarcWriter {
  readonly path: string;
  readonly #gzip: boolean;
  readonly #temporaryPath: string;
  #file: number | undefined;
  #offset = 0;

  /** @param path `NAME.warc.gz` for one gzip member a record, any other name for plain records */
  constructor(path: string) {
    this.path = path;
    this.#gzip = path.endsWith('.gz');
    this.#temporaryPath = `${path}.${process.pid}.partial`;
    this.#file = openSync(this.#temporaryPath, 'w');
  }

  /** Appends a record and says where it lies: byte offset and length in the file. */
  write(fields: WarcRecordFields): { offset: number; length: number } {
    const bytes = encodeWarcRecord(fields, { gzip: this.#gzip });
    for (let done = 0; done < bytes.length;) done += writeSync(this.#openFile(), bytes, done);
    const place = { offset: this.#offset, length: bytes.length };
    this.#offset += bytes.length;
    return place;
  }

  /** Puts the finished file under its name. */
  close(): void {
    fsyncSync(this.#openFile());
    closeSync(this.#openFile());
    this.#file = undefined;
    renameSync(this.#temporaryPath, this.path);
  }

  /** Throws the unfinished file away. */
  abort(): void {
    closeSync(this.#openFile());
    this.#file = undefined;
    rmSync(this.#temporaryPath, { force: true });
  }

  #openFile(): number {
    if (this.#file === undefined)
      throw new WebError('INVALID_ARGUMENT', `${this.path} is closed; open a new WarcWriter`);
    return this.#file;
  }
}
