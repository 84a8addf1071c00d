import type { HeaderFields } from './header-fields.ts';
import { parseHttpResponse } from './http-response.ts';
import type { HttpResponse } from './http-response.ts';

/** Where a record was found. */
export interface RecordPlace {
  /** Name of the file. */
  source: string;
  /** Byte position in the file of the record, or of the gzip member that holds it. */
  offset: number;
  /** Bytes the record (or its gzip member) takes in the file. */
  length: number;
}

/** One record of a WARC file (ISO 28500: WARC/1.0 and 1.1). */
export class WarcRecord implements RecordPlace {
  /** `WARC-Record-ID`, with its angle brackets. */
  readonly id: string;
  /** `response`, `conversion`, `request`, `warcinfo`, … */
  readonly type: string;
  /** `WARC-Target-URI`, or `''`. */
  readonly url: string;
  /** `WARC-Date`, or `''`. */
  readonly date: string;
  /** WARC headers, names in lower case. */
  readonly headers: HeaderFields;
  /** The record's block as stored: for responses, HTTP headers and body. */
  readonly block: Uint8Array;
  readonly source: string;
  readonly offset: number;
  readonly length: number;
  readonly #maximumBodyBytes: number | undefined;
  #http: HttpResponse | undefined;

  constructor(headers: HeaderFields, block: Uint8Array, place: RecordPlace, maximumBodyBytes?: number) {
    this.headers = headers;
    this.block = block;
    this.id = headers.get('warc-record-id') ?? '';
    this.type = headers.get('warc-type') ?? '';
    this.url = (headers.get('warc-target-uri') ?? headers.get('uri') ?? '').replace(/^<(.*)>$/, '$1');
    this.date = headers.get('warc-date') ?? headers.get('archive-date') ?? '';
    this.source = place.source;
    this.offset = place.offset;
    this.length = place.length;
    this.#maximumBodyBytes = maximumBodyBytes;
  }

  /**
   * The stored HTTP response, parsed when first asked for; undefined for other records.
   *
   * @throws WebError when the response is not HTTP, or its body cannot be unpacked within the limit
   */
  get http(): HttpResponse | undefined {
    const isHttp = this.type === 'response' && /^https?:/i.test(this.url || 'http:');
    if (isHttp) this.#http ??= parseHttpResponse(this.block, { maximumBodyBytes: this.#maximumBodyBytes });
    return this.#http;
  }

  /** The HTTP body, unchunked and decompressed, of a response; the block of any other record. Throws as `http` does. */
  get payload(): Uint8Array {
    return this.http?.body ?? this.block;
  }

  /**
   * Media type of the payload, lower case without parameters: what the crawler identified, else what the server said
   * (for other records: what the record says); `''` when nobody said. Throws as `http` does.
   */
  get contentType(): string {
    const identified = this.headers.get('warc-identified-payload-type');
    const said = identified ?? (this.http ? this.http.headers : this.headers).get('content-type') ?? '';
    return said.split(';')[0].trim().toLowerCase();
  }
}
