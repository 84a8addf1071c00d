import { RandomStream } from '@smol/random';
import { emptyBatch, fillRow } from './batch.ts';
import type { Batch } from './batch.ts';
import { DatasetError } from './dataset-error.ts';
import { checkState } from './loader-state.ts';
import type { LoaderState } from './loader-state.ts';
import { drawSource } from './mixture.ts';
import { checkCount, planStages } from './stages.ts';
import type { PlannedStage, Stage } from './stages.ts';
import type { TokenShard } from './token-shard.ts';
import { TokenSource } from './token-source.ts';

/** What a {@link BatchLoader} is made of. */
export interface BatchLoaderOptions {
  /** The shards of each source, in an order that must not change when a run is resumed. */
  readonly sources: Readonly<Record<string, readonly TokenShard[]>>;
  /** Mixtures, one after the other. */
  readonly stages: readonly Stage[];
  /** Rows in a batch, over all ranks. */
  readonly batchSize: number;
  /** Tokens a row, where a stage does not say otherwise. */
  readonly sequenceLength: number;
  /** Integer in [0, 2^53). */
  readonly seed: number;
  /** Entries in the vocabulary: a larger token id is refused instead of reaching the model. Default 2^31. */
  readonly vocabularySize?: number;
  /** Which slice of every batch this process takes: rows [rank, rank + 1) · batchSize / worldSize. Default 0 of 1. */
  readonly rank?: number;
  readonly worldSize?: number;
  /** Told of settings that look like mistakes but can be used. */
  readonly onWarning?: (message: string) => void;
}

/** A row that has been drawn: a window of a source. */
interface Draw {
  readonly source: TokenSource;
  readonly window: number;
}

/**
 * Batches for pretraining, from mixtures of token shards.
 *
 * Each row's source is drawn by the weights of the stage (as nanotron does: weights are fractions of sequences); inside
 * a source every window is visited once per epoch, in an order that is reshuffled for each epoch. Row r of step s is a
 * pure function of (shards, stages, batch size, seed): it depends neither on the number of ranks nor on what was read
 * before, so that {@link BatchLoader.restore} and {@link BatchLoader.seek} continue exactly.
 */
export class BatchLoader {
  /** Steps of all stages together. */
  readonly totalSteps: number;
  readonly #options: BatchLoaderOptions;
  readonly #stages: readonly PlannedStage[];
  readonly #sources: ReadonlyMap<string, TokenSource>;
  readonly #draws: RandomStream;
  readonly #slice: { first: number; count: number };
  #state: LoaderState;
  #order = new Map<string, RandomStream>();

  /** @throws DatasetError INVALID_ARGUMENT, TOO_FEW_TOKENS */
  constructor(options: BatchLoaderOptions) {
    checkCount('batchSize', options.batchSize);
    checkSameTokenizer(options.sources);
    this.#options = options;
    this.#slice = sliceOfRank(options);
    this.#stages = planStages(options.stages, options.sequenceLength, options.onWarning ?? (() => {}));
    this.#sources = new Map(
      Object.entries(options.sources).map(([name, shards]) => [name, new TokenSource(name, shards)]),
    );
    this.#stages.forEach((stage, index) => this.#checkStage(stage, index));
    this.#draws = new RandomStream(options.seed, 'mixture');
    this.#state = this.#freshState();
    this.totalSteps = this.#stages.at(-1)?.end ?? 0;
  }

  /**
   * The batch of the next step (of this rank).
   *
   * @throws DatasetError EXHAUSTED after the last stage, READ_FAILED, CORRUPT_SHARD, INVALID_TOKEN
   */
  next(): Batch {
    const { step } = this.#state;
    const { stage, draws } = this.#drawStep();
    const { first, count } = this.#slice;
    const mine = draws.slice(first, first + count);
    const { sequenceLength } = this.#stages[stage];
    const batch = emptyBatch({ step, stage, sequenceLength, sources: mine.map(({ source }) => source.name) });
    const vocabularySize = this.#options.vocabularySize ?? 2 ** 31;
    mine.forEach(({ source, window }, row) => {
      fillRow(batch, row, source.window(window, sequenceLength), { source: source.name, vocabularySize });
    });
    return batch;
  }

  /** Where the loader stands: a copy, plain JSON. */
  state(): LoaderState {
    return structuredClone(this.#state);
  }

  /**
   * Goes to a saved position; the batches that follow are those that followed then.
   *
   * @throws DatasetError STATE_MISMATCH when the state was saved with another seed, batch size or other data
   */
  restore(state: LoaderState): void {
    checkState(state, this.#freshState(), this.totalSteps);
    this.#state = structuredClone(state);
    this.#order.clear();
  }

  /** Goes to a step without a saved position, by drawing (not reading) everything before it. */
  seek(step: number): void {
    if (!Number.isSafeInteger(step) || step < 0 || step > this.totalSteps) {
      throw new DatasetError('INVALID_ARGUMENT', `step must be an integer in [0, ${this.totalSteps}], got ${step}`);
    }
    this.#state = this.#freshState();
    this.#order.clear();
    while (this.#state.step < step) this.#drawStep();
  }

  /** The share of tokens that each source has really given since step 0 (over all ranks); they sum to 1. */
  shares(): Record<string, number> {
    const sources = Object.entries(this.#state.sources);
    const total = sources.reduce((sum, [, { tokens }]) => sum + tokens, 0);
    return Object.fromEntries(sources.map(([name, { tokens }]) => [name, total === 0 ? 0 : tokens / total]));
  }

  /** How many times each source has been begun anew. */
  epochs(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#state.sources).map(([name, { epoch }]) => [name, epoch]));
  }

  /** Draws all rows of one step, of every rank, and moves on. */
  #drawStep(): { stage: number; draws: Draw[] } {
    const { step, batchSize } = this.#state;
    const index = this.#stages.findIndex(({ end }) => step < end);
    if (index === -1) {
      throw new DatasetError('EXHAUSTED', `the stages end at step ${this.totalSteps}; add steps to the last stage`);
    }
    const stage = this.#stages[index];
    if (step === stage.start) this.#enterStage(index);
    const draws = Array.from({ length: batchSize }, (_, row) => this.#drawRow(stage, step * batchSize + row));
    this.#state.step += 1;
    return { stage: index, draws };
  }

  #drawRow(stage: PlannedStage, row: number): Draw {
    const name = drawSource(stage.mixture, this.#draws.uniform(row));
    const source = this.#source(name);
    const windowCount = source.windowCount(stage.sequenceLength);
    const position = this.#state.sources[name];
    if (position.windows === windowCount) this.#beginEpoch(name);
    const window = this.#orderOf(name).permute(position.windows, windowCount);
    position.windows += 1;
    position.tokens += stage.sequenceLength;
    return { source, window };
  }

  /** Windows are cut anew when the sequence length changes, so every source that was begun starts its next epoch. */
  #enterStage(index: number): void {
    if (index === 0 || this.#stages[index].sequenceLength === this.#stages[index - 1].sequenceLength) return;
    for (const [name, { windows }] of Object.entries(this.#state.sources)) {
      if (windows > 0) this.#beginEpoch(name);
    }
  }

  #beginEpoch(name: string): void {
    const position = this.#state.sources[name];
    position.epoch += 1;
    position.windows = 0;
    this.#order.delete(name);
  }

  #orderOf(name: string): RandomStream {
    const known = this.#order.get(name);
    if (known) return known;
    const order = new RandomStream(this.#options.seed, `order of ${name} in epoch ${this.#state.sources[name].epoch}`);
    this.#order.set(name, order);
    return order;
  }

  #freshState(): LoaderState {
    const { seed, batchSize } = this.#options;
    const sources = [...this.#sources].map(([name, { tokenCount }]) => {
      return [name, { epoch: 0, windows: 0, tokens: 0, size: tokenCount }] as const;
    });
    return { step: 0, seed, batchSize, sources: Object.fromEntries(sources) };
  }

  #checkStage({ mixture, sequenceLength }: PlannedStage, index: number): void {
    for (const name of mixture.names) {
      if (!this.#sources.has(name)) {
        const known = [...this.#sources.keys()].join(', ');
        throw new DatasetError('INVALID_ARGUMENT', `stage ${index} names source "${name}"; the sources are: ${known}`);
      }
      this.#source(name).windowCount(sequenceLength);
    }
  }

  #source(name: string): TokenSource {
    return this.#sources.get(name) as TokenSource;
  }
}

function sliceOfRank({ batchSize, rank = 0, worldSize = 1 }: BatchLoaderOptions): { first: number; count: number } {
  checkCount('worldSize', worldSize);
  if (!Number.isInteger(rank) || rank < 0 || rank >= worldSize) {
    throw new DatasetError('INVALID_ARGUMENT', `rank must be an integer in [0, ${worldSize}), got ${rank}`);
  }
  const count = batchSize / worldSize;
  if (!Number.isInteger(count)) {
    throw new DatasetError('INVALID_ARGUMENT', `batchSize ${batchSize} must be a multiple of worldSize ${worldSize}`);
  }
  return { first: rank * count, count };
}

function checkSameTokenizer(sources: BatchLoaderOptions['sources']): void {
  const [first, ...others] = Object.values(sources).flat();
  const other = others.find((shard) => shard.metadata.tokenizer !== first.metadata.tokenizer);
  if (other === undefined) return;
  throw new DatasetError(
    'INVALID_ARGUMENT',
    `shards must come from one tokenizer: ${first.path} from "${first.metadata.tokenizer}", ` +
      `${other.path} from "${other.metadata.tokenizer}"`,
  );
}
