import { join } from 'node:path';
import { StageFile } from './stage-file.ts';
import type { FileSeal } from './stage-file.ts';
import type { ResultPaths, RunSettings, TaskResult } from './stage-settings.ts';

/** Parts that may be under way or wait for those before them, for each thread. */
const PARTS_AHEAD = 2;

/**
 * Puts the results of parts behind one another, in their order, whatever order they come in; no part is begun before it is
 * among the next ones, so that few of them wait in memory.
 */
export class ResultAssembler {
  readonly #settings: RunSettings;
  readonly #ranks: readonly number[];
  readonly #ahead: number;
  readonly #finished: (input: number, files: Record<string, FileSeal>, parts: TaskResult[]) => void;
  readonly #waiting = new Map<number, TaskResult>();
  readonly #held: { place: number; begin: () => void }[] = [];
  #next = 0;
  #parts: TaskResult[] = [];
  #files: Record<keyof ResultPaths, StageFile> | null = null;

  /**
   * @param ranks all parts of the inputs that are to be written, ascending
   * @param finished told of each input that is complete
   */
  constructor(
    settings: RunSettings,
    ranks: readonly number[],
    workers: number,
    finished: (input: number, files: Record<string, FileSeal>, parts: TaskResult[]) => void,
  ) {
    this.#settings = settings;
    this.#ranks = ranks;
    this.#ahead = PARTS_AHEAD * workers;
    this.#finished = finished;
  }

  /** Resolves when a part may be begun. */
  admit(rank: number): Promise<void> {
    const place = this.#ranks.indexOf(rank, this.#next);
    if (place < this.#next + this.#ahead) return Promise.resolve();
    return new Promise((begin) => this.#held.push({ place, begin }));
  }

  take(rank: number, result: TaskResult): void {
    this.#waiting.set(rank, result);
    for (let next = this.#nextResult(); next !== undefined; next = this.#nextResult()) {
      this.#append(this.#ranks[this.#next++], next);
    }
    const ready = this.#held.filter(({ place }) => place < this.#next + this.#ahead);
    for (const held of ready) {
      this.#held.splice(this.#held.indexOf(held), 1);
      held.begin();
    }
  }

  #nextResult(): TaskResult | undefined {
    const rank = this.#ranks[this.#next];
    const result = this.#waiting.get(rank);
    this.#waiting.delete(rank);
    return result;
  }

  #append(rank: number, { content, ...result }: TaskResult): void {
    const { folder, inputs, parts } = this.#settings;
    const { input } = parts[rank];
    const paths = { kept: join('kept', inputs[input].output), removed: join('removed', inputs[input].output) };
    this.#parts.push(result);
    if (content) {
      this.#files ??= {
        kept: new StageFile(join(folder, paths.kept)),
        removed: new StageFile(join(folder, paths.removed)),
      };
      for (const piece of content.kept) this.#files.kept.write(piece);
      for (const piece of content.removed) this.#files.removed.write(piece);
    }
    if (parts[rank + 1]?.input === input) return;
    const files = this.#files
      ? { [paths.kept]: this.#files.kept.close(), [paths.removed]: this.#files.removed.close() }
      : result.files;
    this.#finished(input, files, this.#parts);
    [this.#files, this.#parts] = [null, []];
  }
}
