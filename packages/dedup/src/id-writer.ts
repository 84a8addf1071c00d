import { join } from 'node:path';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import { stagePath } from './stage-settings.ts';

/** Writes ids so that each can be read by its document's number: JSON strings (or the line's number), and where each ends. */
export class IdWriter {
  readonly #rank: number;
  readonly #ids: StageFile;
  readonly #ends: StageFile;
  #end = 0;

  constructor(folder: string, rank: number) {
    this.#rank = rank;
    this.#ids = new StageFile(join(folder, stagePath.ids(rank)), { sync: false });
    this.#ends = new StageFile(join(folder, stagePath.idEnds(rank)), { sync: false });
  }

  /** @param id the name of the next document, or the number of its line where it has none */
  add(id: string | number): void {
    const bytes = Buffer.from(JSON.stringify(id));
    this.#ids.write(bytes);
    this.#end += bytes.length;
    this.#ends.write(new Uint8Array(Float64Array.of(this.#end).buffer));
  }

  close(): Record<string, FileSeal> {
    return { [stagePath.ids(this.#rank)]: this.#ids.close(), [stagePath.idEnds(this.#rank)]: this.#ends.close() };
  }
}
