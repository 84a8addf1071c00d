import { join } from 'node:path';
import type { CommandArguments } from './command-arguments.ts';
import { filterIntoFolder, finishFilter, inputProgress } from './filter-commands.ts';
import type { Outcome, Talk } from './filter-commands.ts';
import type { Decider } from './filter-in-parts.ts';
import { checkMinimum } from './repeated-substrings.ts';
import { stagePath } from './stage-settings.ts';
import { SubstringParts } from './substring-parts.ts';
import type { PartsOptions } from './substring-parts.ts';
import type { SymbolRange } from './window-filter.ts';

/** Memory for buffers where nothing else is said. */
const DEFAULT_MEMORY = 512 * 2 ** 20;
/** Bytes, or tokens, that must be the same where nothing else is said. */
const MINIMUM = { bytes: 200, tokens: 50 };

/** Which parts of documents stand elsewhere, by the symbols that threads have written of all of them. */
class SubstringDecider implements Decider {
  readonly #folder: string;
  readonly #parts: SubstringParts;
  #rangesOf: (sequence: number) => SymbolRange[] = () => [];
  #sequence = 0;
  /** symbols in all ranges */
  removed = 0;

  constructor(folder: string, options: Omit<PartsOptions, 'folder'>) {
    this.#folder = folder;
    this.#parts = new SubstringParts({ folder: join(folder, 'stages', 'substrings'), ...options });
  }

  collect(notes: Iterable<Uint32Array>, rank: number): void {
    const lengths = function* () {
      for (const [, length] of notes) yield length;
    };
    this.#parts.add(join(this.#folder, stagePath.symbols(rank)), lengths());
  }

  collected(): void {
    this.#rangesOf = this.#parts.find();
  }

  *decide(notes: Iterable<Uint32Array>): Generator<number[]> {
    for (const [record] of notes) {
      for (const { start, end } of this.#rangesOf(this.#sequence++)) {
        this.removed += end - start;
        yield [record, start, end];
      }
    }
  }

  close(): void {
    this.#parts.close();
  }
}

/** Cuts out what stands elsewhere, byte by byte or token by token, in bounded memory. */
export async function substrings(given: CommandArguments, talk: Talk): Promise<Outcome> {
  const { keep, output, tokenKey, quiet } = given;
  const unit = tokenKey === undefined ? 'bytes' : 'tokens';
  const minimum = given.minimum ?? MINIMUM[unit];
  checkMinimum(`the minimum of ${unit}`, minimum);
  const onBucket = (done: number, total: number) => {
    if (!quiet) talk.progress.show({ stage: 'suffix arrays', done, total, unit: 'buckets' });
  };
  const memory = given.memory ?? DEFAULT_MEMORY;
  const decider = new SubstringDecider(output, { width: unit === 'bytes' ? 1 : 4, minimum, keep, memory, onBucket });
  const settings = { minimum, unit, keep, tokenKey };
  const keys = { key: 'text', tokenKey } as const;
  const onBytes = inputProgress(given, talk, 2);
  const what = { command: 'substrings', keys, decider, run: settings, onBytes } as const;
  const { reports } = await filterIntoFolder(given, talk, what);
  decider.close();
  return finishFilter(given, talk, reports, { settings, repeated: { [unit]: decider.removed } });
}
