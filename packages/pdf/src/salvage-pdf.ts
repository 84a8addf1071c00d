import { ObjectStreamReader, scanObjects } from './pdf-objects.ts';
import type { PdfObject } from './pdf-objects.ts';

/** A file made readable again. */
export interface SalvagedPdf {
  /** The old bytes, then the unpacked objects, a flat page tree, and a table of all of them. */
  bytes: Uint8Array;
  pageCount: number;
}

/** Where the last definition of an object is. */
interface Placed {
  generation: number;
  offset: number;
  text: string;
}

/** What is known of a file after one pass over it. */
interface Inventory {
  objects: Map<number, Placed>;
  /** Numbers of page objects, by where they were first defined. */
  pages: Set<number>;
  /** Text appended to the file: objects that were packed. */
  appended: string[];
  length: number;
  trailer: { encrypt?: string; id?: string; info?: string };
}

const PAGE = /\/Type\s*\/Page(?![A-Za-z])/;
const PAGE_TREE = /\/Type\s*\/Pages(?![A-Za-z])/;
const TRAILER_WINDOW = 4096;

/**
 * Rebuilds a file whose table of contents or page tree is lost, as in files that were cut short: finds every object, unpacks
 * object streams, and puts all page objects, in the order of the file, under a new page tree.
 *
 * @returns undefined when no page object is left
 */
export function salvagePdf(bytes: Uint8Array): SalvagedPdf | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const inventory = takeInventory(buffer);
  if (inventory.pages.size === 0) return undefined;
  supplyParents(inventory);
  const root = Math.max(...tail(inventory.objects.keys()), 0) + 1;
  const kids = [...inventory.pages].map((page) => `${page} ${inventory.objects.get(page)!.generation} R`);
  append(inventory, root + 1, `<< /Type /Pages /Count ${kids.length} /Kids [ ${kids.join(' ')} ] >>`);
  append(inventory, root, `<< /Type /Catalog /Pages ${root + 1} 0 R >>`);
  const end = Buffer.from(crossReferences(inventory, root), 'latin1');
  return {
    bytes: Buffer.concat([buffer, Buffer.from(inventory.appended.join(''), 'latin1'), end]),
    pageCount: kids.length,
  };
}

/** The largest key, as a list of at most one: spreading all keys would overflow the stack. */
function tail(keys: Iterable<number>): number[] {
  let largest = 0;
  for (const key of keys) largest = Math.max(largest, key);
  return [largest];
}

function takeInventory(bytes: Buffer): Inventory {
  const close = '\nendstream\nendobj\n'; // ends the object in which the file was cut
  const inventory: Inventory = { objects: new Map(), pages: new Set(), appended: [close], length: bytes.length + close.length, trailer: readTrailer(bytes) }; // prettier-ignore
  const streams = new ObjectStreamReader(bytes);
  for (const object of scanObjects(bytes)) {
    place(inventory, object.number, { generation: object.generation, offset: object.offset, text: object.head });
    if (!/\/Type\s*\/ObjStm/.test(object.head) || inventory.trailer.encrypt) continue;
    for (const { number, text } of streams.read(object as PdfObject)) append(inventory, number, text);
  }
  return inventory;
}

function place({ objects, pages }: Inventory, number: number, placed: Placed): void {
  objects.set(number, placed);
  if (PAGE.test(placed.text)) pages.add(number);
  else pages.delete(number);
}

/** Adds an object behind the end of the file. */
function append(inventory: Inventory, number: number, text: string): void {
  const definition = `${number} 0 obj\n${text}\nendobj\n`;
  place(inventory, number, { generation: 0, offset: inventory.length, text });
  inventory.appended.push(definition);
  inventory.length += definition.length;
}

/** What of the trailers, old or in streams, is left: without the key of the encryption nothing can be read. */
function readTrailer(bytes: Buffer): Inventory['trailer'] {
  const trailer: Inventory['trailer'] = {};
  const keep = (text: string): void => {
    trailer.encrypt = /\/Encrypt\s+(\d+\s+\d+\s+R)/.exec(text)?.[1] ?? trailer.encrypt;
    trailer.id = /\/ID\s*(\[\s*<[0-9a-f]*>\s*<[0-9a-f]*>\s*\])/i.exec(text)?.[1] ?? trailer.id;
    trailer.info = /\/Info\s+(\d+\s+\d+\s+R)/.exec(text)?.[1] ?? trailer.info;
  };
  for (const keyword of ['trailer', '/XRef']) {
    for (let at = bytes.indexOf(keyword); at !== -1; at = bytes.indexOf(keyword, at + 1)) {
      const start = keyword === 'trailer' ? at : Math.max(0, bytes.lastIndexOf('obj', at));
      keep(bytes.toString('latin1', start, Math.min(bytes.length, start + TRAILER_WINDOW)));
    }
  }
  return trailer;
}

/** Pages inherit fonts from their parents: where those are lost, the resources that are left stand in. */
function supplyParents(inventory: Inventory): void {
  const missing = new Set<number>();
  for (const page of inventory.pages) {
    const { text } = inventory.objects.get(page)!;
    const parent = Number(/\/Parent\s+(\d+)/.exec(text)?.[1]);
    if (parent > 0 && !inventory.objects.has(parent) && !text.includes('/Resources')) missing.add(parent);
  }
  if (missing.size === 0) return;
  const resources = findResources(inventory);
  if (resources) for (const parent of missing) append(inventory, parent, `<< /Type /Pages ${resources} >>`);
}

function findResources({ objects }: Inventory): string | undefined {
  for (const { text } of objects.values()) {
    const inherited = PAGE_TREE.test(text) && /\/Resources\s+\d+\s+\d+\s+R/.exec(text);
    if (inherited) return inherited[0];
  }
  for (const [number, { text, generation }] of objects) {
    if (/\/Font\s*(?:<<|\d)/.test(text) && !/\/Type\s*\//.test(text.slice(0, text.indexOf('/Font')))) {
      return `/Resources ${number} ${generation} R`;
    }
  }
  return undefined;
}

/** The table of all objects, and the trailer (ISO 32000-1, 7.5.4 and 7.5.5). */
function crossReferences({ objects, length, trailer }: Inventory, root: number): string {
  const numbers = [...objects.keys()].sort((a, b) => a - b);
  const lines = ['xref\n0 1\n0000000000 65535 f\r\n'];
  for (let from = 0, to = 0; from < numbers.length; from = to) {
    while (to < numbers.length && numbers[to] - numbers[from] === to - from) to++;
    lines.push(`${numbers[from]} ${to - from}\n`);
    for (const number of numbers.slice(from, to)) lines.push(entry(objects.get(number)!));
  }
  const { encrypt, id, info } = trailer;
  const keys = [`/Size ${root + 2}`, `/Root ${root} 0 R`, encrypt && `/Encrypt ${encrypt}`, id && `/ID ${id}`, info && `/Info ${info}`]; // prettier-ignore
  lines.push(`trailer\n<< ${keys.filter(Boolean).join(' ')} >>\nstartxref\n${length}\n%%EOF\n`);
  return lines.join('');
}

function entry({ offset, generation }: Placed): string {
  return `${String(offset).padStart(10, '0')} ${String(generation).padStart(5, '0')} n\r\n`;
}
