import { RandomStream } from '@smol/random';
import { emptyBatch } from './batch.ts';
import type { Batch } from './batch.ts';
import { planBatchSize } from './batch-size.ts';
import type { BatchSize } from './batch-size.ts';
import { BestFitRows } from './best-fit-rows.ts';
import { ConcatenatedRows } from './concatenated-rows.ts';
import { DatasetError } from './dataset-error.ts';
import { checkState } from './loader-state.ts';
import type { LoaderState, Packing } from './loader-state.ts';
import { drawSource } from './mixture.ts';
import { beginEpoch } from './row-source.ts';
import type { DrawnRow, RowSource } from './row-source.ts';
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
  /** Rows in a batch, over all ranks; it may change with the step. */
  readonly batchSize: BatchSize;
  /** How documents become rows. Default `concatenate`. */
  readonly packing?: Packing;
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

/**
 * Batches for pretraining, from mixtures of token shards.
 *
 * Each row's source is drawn by the weights of the stage (as nanotron does: weights are fractions of sequences); inside
 * a source every row is visited once per epoch, in an order that is reshuffled for each epoch. Row r of step s is a
 * pure function of (shards, stages, batch size, packing, seed): it depends neither on the number of ranks nor on what was
 * read before, so that {@link BatchLoader.restore} and {@link BatchLoader.seek} continue exactly.
 */
export class BatchLoader {
  /** Steps of all stages together. */
  readonly totalSteps: number;
  readonly #options: BatchLoaderOptions;
  readonly #stages: readonly PlannedStage[];
  readonly #sources: ReadonlyMap<string, RowSource>;
  readonly #rowsOf: (step: number) => number;
  readonly #draws: RandomStream;
  #state: LoaderState;

  /** @throws DatasetError INVALID_ARGUMENT, TOO_FEW_TOKENS */
  constructor(options: BatchLoaderOptions) {
    checkSameTokenizer(options.sources);
    this.#options = options;
    this.#rowsOf = planBatchSize(options.batchSize);
    this.#stages = planStages(options.stages, options.sequenceLength, options.onWarning ?? (() => {}));
    this.totalSteps = this.#stages.at(-1)?.end ?? 0;
    checkRanks(options, this.#rowsOf);
    const Rows = checkPacking(options.packing) === 'best-fit' ? BestFitRows : ConcatenatedRows;
    const rowSources = Object.entries(options.sources).map(
      ([name, shards]) => [name, new Rows(new TokenSource(name, shards), options.seed)] as const,
    );
    this.#sources = new Map<string, RowSource>(rowSources);
    this.#stages.forEach((stage, index) => this.#checkStage(stage, index));
    this.#draws = new RandomStream(options.seed, 'mixture');
    this.#state = this.#freshState();
  }

  /**
   * The batch of the next step (of this rank).
   *
   * @throws DatasetError EXHAUSTED after the last stage, READ_FAILED, CORRUPT_SHARD, INVALID_TOKEN
   */
  next(): Batch {
    const { step } = this.#state;
    const { stage, draws } = this.#drawStep();
    const { rank = 0, worldSize = 1, vocabularySize = 2 ** 31 } = this.#options;
    const count = draws.length / worldSize;
    const mine = draws.slice(rank * count, (rank + 1) * count);
    const { sequenceLength } = this.#stages[stage];
    const batch = emptyBatch({ step, stage, sequenceLength, sources: mine.map(({ source }) => source) });
    mine.forEach((drawn, row) => drawn.fill(batch, row, vocabularySize));
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
  }

  /** Goes to a step without a saved position, by drawing (not reading) everything before it. */
  seek(step: number): void {
    if (!Number.isSafeInteger(step) || step < 0 || step > this.totalSteps) {
      throw new DatasetError('INVALID_ARGUMENT', `step must be an integer in [0, ${this.totalSteps}], got ${step}`);
    }
    this.#state = this.#freshState();
    while (this.#state.step < step) this.#drawStep();
  }

  /** Moves one step on without reading: draws are cheap, and other processes or threads may read. */
  advance(): void {
    this.#drawStep();
  }

  /**
   * Passes over the data of so many steps but stays at its step: what would have come later comes now. A run that goes
   * back to a checkpoint leaves out the data it failed on in this way (PaLM §5.1).
   */
  skip(steps: number): void {
    checkCount('steps', steps);
    const stage = this.#enterStageOf(this.#state.step);
    for (let step = 0; step < steps; step++) this.#drawRows(stage, this.#rowsOf(this.#state.step));
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

  /** Tokens that best-fit packing left out, of each source. */
  cropped(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.#state.sources).map(([name, { cropped }]) => [name, cropped]));
  }

  /** Draws all rows of one step, of every rank, and moves on. */
  #drawStep(): { stage: number; draws: DrawnRow[] } {
    const { step } = this.#state;
    const stage = this.#enterStageOf(step);
    const draws = this.#drawRows(stage, this.#rowsOf(step));
    this.#state.step += 1;
    return { stage: this.#state.stage, draws };
  }

  #drawRows({ mixture, sequenceLength }: PlannedStage, count: number): DrawnRow[] {
    return Array.from({ length: count }, () => {
      const name = drawSource(mixture, this.#draws.uniform(this.#state.rows++));
      return (this.#sources.get(name) as RowSource).draw(this.#state.sources[name], sequenceLength);
    });
  }

  /** Rows are cut anew when the sequence length changes, so every source that was begun starts its next epoch. */
  #enterStageOf(step: number): PlannedStage {
    const index = this.#stages.findIndex(({ end }) => step < end);
    if (index === -1) {
      throw new DatasetError('EXHAUSTED', `the stages end at step ${this.totalSteps}; add steps to the last stage`);
    }
    const before = this.#stages[this.#state.stage];
    if (this.#stages[index].sequenceLength !== before.sequenceLength) {
      for (const position of Object.values(this.#state.sources)) {
        if (position.rows > 0 || position.block > 0) beginEpoch(position);
      }
    }
    this.#state.stage = index;
    return this.#stages[index];
  }

  #freshState(): LoaderState {
    const { seed, batchSize, packing = 'concatenate' } = this.#options;
    const sources = [...this.#sources].map(([name, { tokenCount }]) => {
      return [name, { epoch: 0, block: 0, rows: 0, tokens: 0, cropped: 0, size: tokenCount }] as const;
    });
    return { step: 0, stage: 0, rows: 0, seed, batchSize, packing, sources: Object.fromEntries(sources) };
  }

  #checkStage({ mixture, sequenceLength }: PlannedStage, index: number): void {
    for (const name of mixture.names) {
      const source = this.#sources.get(name);
      if (source === undefined) {
        const known = [...this.#sources.keys()].join(', ');
        throw new DatasetError('INVALID_ARGUMENT', `stage ${index} names source "${name}"; the sources are: ${known}`);
      }
      source.check(sequenceLength);
    }
  }
}

function checkRanks(
  { batchSize, rank = 0, worldSize = 1 }: BatchLoaderOptions,
  rowsOf: (step: number) => number,
): void {
  checkCount('worldSize', worldSize);
  if (!Number.isInteger(rank) || rank < 0 || rank >= worldSize) {
    throw new DatasetError('INVALID_ARGUMENT', `rank must be an integer in [0, ${worldSize}), got ${rank}`);
  }
  const changes = typeof batchSize === 'number' ? [{ fromStep: 0 }] : batchSize;
  const odd = changes.map(({ fromStep }) => rowsOf(fromStep)).find((rows) => rows % worldSize !== 0);
  if (odd === undefined) return;
  throw new DatasetError('INVALID_ARGUMENT', `batchSize ${odd} must be a multiple of worldSize ${worldSize}`);
}

function checkPacking(packing: Packing = 'concatenate'): Packing {
  if (['concatenate', 'best-fit'].includes(packing)) return packing;
  throw new DatasetError('INVALID_ARGUMENT', `packing must be concatenate or best-fit, got ${String(packing)}`);
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
