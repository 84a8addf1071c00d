/**
 * Changes to one line of JSON Lines that leave every other byte of it alone: numbers keep their digits, strings their
 * escapes. The line must be valid JSON and hold an object.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d];
const COLON = 0x3a;
const COMMA = 0x2c;

/** Where a value stands, from its first byte to one past its last. */
interface Place {
  start: number;
  end: number;
}

function endOfString(line: Buffer, start: number): number {
  let at = start + 1;
  while (line[at] !== QUOTE) at += line[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

const isSpace = (byte: number) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

function skipSpace(line: Buffer, at: number): number {
  while (isSpace(line[at])) at++;
  return at;
}

function endOfValue(line: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < line.length; at++) {
    const byte = line[at];
    if (byte === QUOTE) at = endOfString(line, at) - 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
    else if (byte === COMMA && depth === 0) return at;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (depth === 0) return at;
      depth--;
    }
  }
  return line.length;
}

/** Where the values of an object's keys stand; of a key that is there twice the last, as JSON.parse has it. */
function placesOf(line: Buffer): { places: Map<string, Place>; close: number } {
  const places = new Map<string, Place>();
  let at = skipSpace(line, line.indexOf(OPEN_BRACE) + 1);
  while (line[at] !== CLOSE_BRACE) {
    const keyEnd = endOfString(line, at);
    const key = JSON.parse(line.toString('utf8', at, keyEnd)) as string;
    const start = skipSpace(line, line.indexOf(COLON, keyEnd) + 1);
    let end = endOfValue(line, start);
    at = line[end] === COMMA ? skipSpace(line, end + 1) : end;
    while (isSpace(line[end - 1])) end--;
    places.set(key, { start, end });
  }
  return { places, close: at };
}

/** Members of an object without its braces. */
const members = (values: object) => JSON.stringify(values).slice(1, -1);

/** The object with some members added or replaced; its text stays as it is where all of them are new. */
function extend(object: Buffer, additions: object): Buffer {
  const { places, close } = placesOf(object);
  if (Object.keys(additions).some((key) => places.has(key))) {
    return Buffer.from(JSON.stringify({ ...(JSON.parse(object.toString('utf8')) as object), ...additions }));
  }
  const separator = places.size === 0 ? '' : ',';
  return Buffer.concat([
    object.subarray(0, close),
    Buffer.from(`${separator}${members(additions)}`),
    object.subarray(close),
  ]);
}

/** What to change. */
export interface RecordChange {
  /** fields that get another value, by key; they need not be there */
  fields?: Readonly<Record<string, unknown>>;
  /** is added to the object under `metadata`, which is made where there is none; where that is no object, under `dedup` */
  metadata: object;
}

/** The line with the changes; every byte that they don't touch stays. */
export function spliceRecord(line: Buffer, { fields = {}, metadata }: RecordChange): Buffer {
  const { places, close } = placesOf(line);
  const edits: { place: Place; content: Buffer }[] = [];
  const set = (key: string, content: Buffer) => {
    const place = places.get(key);
    if (place) edits.push({ place, content });
    else
      edits.push({
        place: { start: close, end: close },
        content: Buffer.from(
          `${places.size + edits.length === 0 ? '' : ','}${JSON.stringify(key)}:${content.toString()}`,
        ),
      });
  };
  for (const [key, value] of Object.entries(fields)) set(key, Buffer.from(JSON.stringify(value)));
  if (Object.keys(metadata).length > 0) {
    const known = places.get('metadata');
    const value = known ? line.subarray(known.start, known.end) : Buffer.from('null');
    if (value[0] === OPEN_BRACE) set('metadata', extend(value, metadata));
    else set(value.toString() === 'null' ? 'metadata' : 'dedup', Buffer.from(JSON.stringify(metadata)));
  }
  const parts: Buffer[] = [];
  let at = 0;
  for (const { place, content } of edits.sort((left, right) => left.place.start - right.place.start)) {
    parts.push(line.subarray(at, place.start), content);
    at = place.end;
  }
  return Buffer.concat([...parts, line.subarray(at)]);
}
