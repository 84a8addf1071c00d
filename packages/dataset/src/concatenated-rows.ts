import { RandomStream } from '@smol/random';
import { fillRow } from './batch.ts';
import type { SourceState } from './loader-state.ts';
import { beginEpoch, type DrawnRow, type RowSource } from './row-source.ts';
import type { TokenSource } from './token-source.ts';

/** The documents of a source laid end to end and cut every T tokens; each epoch visits the windows in another order. */
export class ConcatenatedRows implements RowSource {
  readonly #source: TokenSource;
  readonly #seed: number;
  #order: { readonly epoch: number; readonly stream: RandomStream } | undefined;

  constructor(source: TokenSource, seed: number) {
    this.#source = source;
    this.#seed = seed;
  }

  get tokenCount(): number {
    return this.#source.tokenCount;
  }

  check(sequenceLength: number): void {
    this.#source.windowCount(sequenceLength);
  }

  draw(position: SourceState, sequenceLength: number): DrawnRow {
    const windowCount = this.#source.windowCount(sequenceLength);
    if (position.rows === windowCount) beginEpoch(position);
    const window = this.#orderOf(position.epoch).permute(position.rows, windowCount);
    position.rows += 1;
    position.tokens += sequenceLength;
    const source = this.#source;
    return {
      source: source.name,
      fill: (batch, row, vocabularySize) =>
        fillRow(batch, row, source.window(window, sequenceLength), { source: source.name, vocabularySize }),
    };
  }

  #orderOf(epoch: number): RandomStream {
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, stream: new RandomStream(this.#seed, `order of ${this.#source.name} in epoch ${epoch}`) };
    }
    return this.#order.stream;
  }
}
