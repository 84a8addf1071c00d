const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Names in lower case; values of repeated fields joined by `, `. */
export type HeaderFields = ReadonlyMap<string, string>;

/** A start line and the fields under it, as WARC and HTTP both write them. */
export interface HeaderBlock {
  startLine: string;
  fields: HeaderFields;
  /** Bytes up to and including the empty line. */
  length: number;
}

/**
 * Reads the header block at the front of `bytes` (CRLF or bare LF line ends, folded lines joined);
 * undefined when no empty line ends it within the bytes.
 *
 * @param encoding `utf-8` for WARC (ISO 28500 §4), `latin1` for HTTP (RFC 9110 §5.5)
 */
export function parseHeaderBlock(bytes: Uint8Array, encoding: 'utf-8' | 'latin1'): HeaderBlock | undefined {
  const length = endOfHeader(bytes);
  if (length === undefined) return undefined;
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString(encoding).split(/\r?\n/);
  return { startLine: lines[0], fields: parseFields(lines.slice(1)), length };
}

/** Writes a header block with CRLF line ends and the closing empty line. */
export function formatHeaderBlock(startLine: string, fields: Iterable<readonly [string, string]>): string {
  const lines = Array.from(fields, ([name, value]) => `${name}: ${value.replace(/[\r\n]+/g, ' ')}\r\n`);
  return `${startLine}\r\n${lines.join('')}\r\n`;
}

function endOfHeader(bytes: Uint8Array): number | undefined {
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) {
    if (bytes[at + 1] === LINE_FEED) return at + 2;
    if (bytes[at + 1] === CARRIAGE_RETURN && bytes[at + 2] === LINE_FEED) return at + 3;
  }
  return undefined;
}

function parseFields(lines: readonly string[]): HeaderFields {
  const values = new Map<string, string[]>();
  let last: string[] | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (/^[ \t]/.test(line) && last) last[last.length - 1] += ` ${line.trim()}`;
    else if (colon > 0) last = append(values, line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return new Map(Array.from(values, ([name, list]) => [name, list.join(', ')]));
}

function append(values: Map<string, string[]>, name: string, value: string): string[] {
  const list = values.get(name) ?? [];
  list.push(value);
  values.set(name, list);
  return list;
}
