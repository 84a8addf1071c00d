import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RunFacts } from './run-facts.ts';
import { stagePath } from './stage-settings.ts';
import type { StageSettings } from './stage-settings.ts';

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, position);
  return bytes;
}

function endsAt(file: number, document: number, count: number): number[] {
  const bytes = readAt(file, 8 * document, 8 * count);
  return Array.from({ length: count }, (_, index) => bytes.readDoubleLE(8 * index));
}

/** Reads the ids of single documents from the files that the first stage left; files are opened when first needed. */
export class IdReader {
  readonly #settings: Pick<StageSettings, 'folder' | 'inputs' | 'parts'>;
  readonly #facts: RunFacts;
  readonly #open = new Map<string, number>();

  constructor(settings: Pick<StageSettings, 'folder' | 'inputs' | 'parts'>, facts: RunFacts) {
    this.#settings = settings;
    this.#facts = facts;
  }

  #file(path: string): number {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    if (this.#open.size >= 256) this.close(); // stay below the limit on open files
    const file = openSync(join(this.#settings.folder, path), 'r');
    this.#open.set(path, file);
    return file;
  }

  /** The id of a document, by the number of its part and its own. */
  idOf(rank: number, document: number): string {
    const ends = this.#file(stagePath.idEnds(rank));
    const [before, end] = document === 0 ? [0, ...endsAt(ends, 0, 1)] : endsAt(ends, document - 1, 2);
    const id = JSON.parse(readAt(this.#file(stagePath.ids(rank)), before, end - before).toString()) as string | number;
    return typeof id === 'string' ? id : this.#placeOf(rank, id);
  }

  /** What a record without a name is called: by its file and line, of which the part knows its own lines only. */
  #placeOf(rank: number, line: number): string {
    const { inputs, parts } = this.#settings;
    const { path, name = path } = inputs[parts[rank].input];
    return `${name}:${this.#facts.linesBefore[rank] + line}`;
  }

  close(): void {
    for (const file of this.#open.values()) closeSync(file);
    this.#open.clear();
  }
}
