import { RandomStream } from '@smol/random';
import { fillPieces } from './batch.ts';
import { packBestFit, type Piece } from './best-fit.ts';
import { DatasetError } from './dataset-error.ts';
import type { SourceState } from './loader-state.ts';
import { beginEpoch, type DrawnRow, type RowSource } from './row-source.ts';
import type { DocumentPlace, TokenSource } from './token-source.ts';

/** Rows that the documents of one block should fill: many documents to choose from, packed in milliseconds. */
const ROWS_PER_BLOCK = 256;

/** The rows of one block of documents, shuffled. */
interface PackedBlock {
  readonly key: string;
  readonly documents: readonly DocumentPlace[];
  readonly rows: readonly (readonly Piece[])[];
  readonly order: RandomStream;
  readonly croppedTokens: number;
}

/**
 * Documents of a source packed by best fit, each row beginning with the start of a document (or of a row-long stretch of
 * a longer one). A keyed permutation shuffles all documents of the source; blocks of them are packed on their own, so a
 * position is (epoch, block, row) and no list of rows is ever built or kept.
 */
export class BestFitRows implements RowSource {
  readonly #source: TokenSource;
  readonly #seed: number;
  #packed: PackedBlock | undefined;

  constructor(source: TokenSource, seed: number) {
    this.#source = source;
    this.#seed = seed;
  }

  get tokenCount(): number {
    return this.#source.tokenCount;
  }

  /** Half of the tokens may be cropped in the worst case; two rows' worth leaves at least one row in some block. */
  check(sequenceLength: number): void {
    this.#source.windowCount(sequenceLength);
  }

  draw(position: SourceState, sequenceLength: number): DrawnRow {
    const { documents, rows, order } = this.#blockWithRows(position, sequenceLength);
    const pieces = rows[order.permute(position.rows, rows.length)];
    position.rows += 1;
    position.tokens += sequenceLength;
    const { name } = this.#source;
    return {
      source: name,
      fill: (batch, row, vocabularySize) =>
        fillPieces(batch, row, { pieces, documents }, { source: name, vocabularySize }),
    };
  }

  /** Moves the position to the next block until there is a row to give. */
  #blockWithRows(position: SourceState, sequenceLength: number): PackedBlock {
    const blocks = Math.ceil(this.#source.documentCount / this.#documentsPerBlock(sequenceLength));
    for (let tried = 0; tried <= 2 * blocks; tried++) {
      const packed = this.#pack(position, sequenceLength);
      if (position.rows < packed.rows.length) return packed;
      position.cropped += packed.croppedTokens;
      position.block += 1;
      position.rows = 0;
      if (position.block === blocks) beginEpoch(position);
    }
    throw new DatasetError(
      'TOO_FEW_TOKENS',
      `source "${this.#source.name}" cannot fill a row of ${sequenceLength} tokens; give it more documents, or use shorter sequences`,
    );
  }

  #documentsPerBlock(sequenceLength: number): number {
    const { documentCount, tokenCount } = this.#source;
    const wanted = Math.ceil((ROWS_PER_BLOCK * sequenceLength * documentCount) / tokenCount);
    return Math.min(documentCount, Math.max(1, wanted));
  }

  #pack({ epoch, block }: SourceState, sequenceLength: number): PackedBlock {
    const key = `${epoch} ${block} ${sequenceLength}`;
    if (this.#packed?.key === key) return this.#packed;
    const { name, documentCount } = this.#source;
    const shuffle = new RandomStream(this.#seed, `documents of ${name} in epoch ${epoch}`);
    const perBlock = this.#documentsPerBlock(sequenceLength);
    const count = Math.min(perBlock, documentCount - block * perBlock);
    const documents = Array.from({ length: count }, (_, index) =>
      this.#source.document(shuffle.permute(block * perBlock + index, documentCount)),
    );
    const packing = packBestFit(
      documents.map(({ start, end }) => end - start),
      sequenceLength,
    );
    const order = new RandomStream(this.#seed, `rows of ${name} in block ${block} of epoch ${epoch}`);
    this.#packed = { key, documents, order, ...packing };
    return this.#packed;
  }
}
