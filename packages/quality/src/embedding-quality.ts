import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { applyHead, fitHead, type EmbeddingHead, type EmbeddingHeadKind } from './embedding-head.ts';
import { evaluateScores, type EvaluationReport } from './evaluate-classifier.ts';
import { integerScore, type ScoredText } from './quality-classifier.ts';
import { QualityError } from './quality-error.ts';
import { drop, textOf, type FilterResult, type TextInput } from './verdict.ts';

/** Any frozen model: a vector of one length for each text, in order. */
export type EmbedTexts = (texts: readonly string[]) => readonly Float32Array[] | Promise<readonly Float32Array[]>;

/** How an {@link EmbeddingQuality} is trained. */
export interface EmbeddingQualityOptions {
  embed: EmbedTexts;
  /** Default `ridge`, squared error as FineWeb-Edu's; `logistic` keeps scores within the range by a sigmoid. */
  head?: EmbeddingHeadKind;
  /** Weight of |w|² against the sum over examples, on standardised features. Default 1. */
  penalty?: number;
  /** Texts given to `embed` at a time. Default 32. */
  batch?: number;
  /** Scores of the worst and the best text. Default 0 and 5. */
  range?: readonly [worst: number, best: number];
}

/** A filter that must be waited for, as `filterStep` of `@smol/pipeline` does. */
export interface AsyncQualityFilter {
  readonly name: string;
  check(input: TextInput): Promise<FilterResult>;
}

const FORMAT = 'smol-embedding-quality';

/**
 * FineWeb-Edu's kind of classifier (Penedo et al. 2024, §4): one regression output over the embeddings of a frozen model, which is yours;
 * they used the first 512 tokens of a page and Snowflake's arctic-embed-m. The head is fitted exactly, so training has no seed.
 */
export class EmbeddingQuality {
  readonly range: readonly [worst: number, best: number];
  readonly head: EmbeddingHead;
  readonly #embed: EmbedTexts;
  readonly #batch: number;

  private constructor(head: EmbeddingHead, range: readonly [number, number], embed: EmbedTexts, batch = 32) {
    this.head = head;
    this.range = range;
    this.#embed = embed;
    this.#batch = batch;
  }

  /**
   * Fits the head to scored texts.
   *
   * @throws QualityError `INVALID_INPUT` without examples, for scores out of range, for embeddings that are not all of one length and
   *   finite; `INVALID_OPTION`
   */
  static async train(examples: readonly ScoredText[], options: EmbeddingQualityOptions): Promise<EmbeddingQuality> {
    const { embed, head = 'ridge', penalty = 1, batch = 32, range = [0, 5] } = options;
    checkOptions(head, penalty, batch);
    if (examples.length === 0) throw new QualityError('INVALID_INPUT', 'examples: expected at least one, got none');
    const [worst, best] = range;
    const targets = examples.map(({ score }, index) => {
      if (score >= worst && score <= best) return (score - worst) / (best - worst);
      throw new QualityError(
        'INVALID_INPUT',
        `example ${index + 1}: score: expected ${worst} to ${best}, got ${score}`,
      );
    });
    const embeddings = await embedAll(
      examples.map(({ text }) => text),
      embed,
      batch,
    );
    return new EmbeddingQuality(fitHead(head, embeddings, targets, penalty), range, embed, batch);
  }

  /**
   * Reads what {@link save} wrote.
   *
   * @param embed the model that the head was fitted to; another one gives scores without sense
   * @throws QualityError `MODEL_NOT_FOUND`, `MODEL_NOT_LOADED`
   */
  static load(path: string, embed: EmbedTexts): EmbeddingQuality {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new QualityError('MODEL_NOT_FOUND', `${path}: cannot be read (${(cause as Error).message})`, { cause });
    }
    const { head, range } = parseModel(text, path);
    return new EmbeddingQuality(head, range, embed);
  }

  /** Writes the head as JSON; the embedding model is not in it. @throws QualityError `UNWRITABLE_FILE` */
  save(path: string): void {
    try {
      writeFileSync(`${path}.partial`, `${JSON.stringify({ format: FORMAT, range: this.range, head: this.head })}\n`, {
        flush: true,
      });
      renameSync(`${path}.partial`, path);
    } catch (cause) {
      throw new QualityError('UNWRITABLE_FILE', `${path}: cannot be written (${(cause as Error).message})`, { cause });
    }
  }

  /** Scores within the range, in the order of the texts. */
  async scores(texts: readonly string[]): Promise<number[]> {
    const [worst, best] = this.range;
    const embeddings = await embedAll(texts, this.#embed, this.#batch, this.head.weights.length);
    return embeddings.map((embedding) => worst + applyHead(this.head, embedding) * (best - worst));
  }

  /** Measures it on texts that it was not fitted to. @param threshold default 3, as in FineWeb-Edu */
  async evaluate(examples: readonly ScoredText[], { threshold = 3 } = {}): Promise<EvaluationReport> {
    if (examples.length === 0) throw new QualityError('INVALID_INPUT', 'examples: expected at least one, got none');
    const scores = await this.scores(examples.map(({ text }) => text));
    return evaluateScores(
      this.range,
      examples.map(({ score: truth }, index) => ({ score: scores[index], truth })),
      threshold,
    );
  }

  /** Keeps texts whose rounded score is at least `minimumScore`; `score` and `int_score` go to the metadata. Reason: `quality_score`. */
  filter({ minimumScore = 3 } = {}): AsyncQualityFilter {
    return {
      name: 'learned-quality',
      check: async (input) => {
        const [score] = await this.scores([textOf(input)]);
        const integer = integerScore(score, this.range);
        const metadata = { score, int_score: integer };
        return integer >= minimumScore
          ? { keep: true, metadata }
          : { ...drop('quality_score', score, minimumScore), metadata };
      },
    };
  }
}

async function embedAll(
  texts: readonly string[],
  embed: EmbedTexts,
  batch: number,
  width?: number,
): Promise<Float32Array[]> {
  const embeddings: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += batch) {
    const part = texts.slice(start, start + batch);
    const found = await embed(part);
    if (found.length !== part.length) throw wrongEmbedding(`${part.length} vectors`, `${found.length}`);
    for (const embedding of found) {
      const expected = width ?? embeddings[0]?.length ?? embedding.length;
      if (embedding.length !== expected || expected === 0)
        throw wrongEmbedding(`${expected || 'some'} numbers`, `${embedding.length}`);
      if (!embedding.every(Number.isFinite)) throw wrongEmbedding('finite numbers', 'others');
      embeddings.push(embedding);
    }
  }
  return embeddings;
}

function wrongEmbedding(expected: string, got: string): QualityError {
  return new QualityError('INVALID_INPUT', `embed: expected ${expected}, got ${got}`);
}

function checkOptions(head: string, penalty: number, batch: number): void {
  if (head !== 'ridge' && head !== 'logistic')
    throw new QualityError('INVALID_OPTION', `head: expected "ridge" or "logistic", got "${head}"`);
  if (!(penalty > 0)) throw new QualityError('INVALID_OPTION', `penalty: expected more than 0, got ${penalty}`);
  if (!(Number.isInteger(batch) && batch > 0))
    throw new QualityError('INVALID_OPTION', `batch: expected an integer above 0, got ${batch}`);
}

interface SavedModel {
  format: string;
  head: EmbeddingHead;
  range: readonly [number, number];
}

function parseModel(text: string, path: string): SavedModel {
  const fail = (cause?: unknown) =>
    new QualityError(
      'MODEL_NOT_LOADED',
      `${path}: expected a file that EmbeddingQuality has saved, got something else`,
      { cause },
    );
  let model: Partial<SavedModel> | null;
  try {
    model = JSON.parse(text) as Partial<SavedModel> | null;
  } catch (cause) {
    throw fail(cause);
  }
  const numbers = (list: unknown, length?: number) =>
    Array.isArray(list) && list.every(Number.isFinite) && (length === undefined || list.length === length);
  const { head, range } = model ?? {};
  const width = head?.weights?.length;
  const isWhole =
    numbers(head?.weights) && numbers(head?.mean, width) && numbers(head?.scale, width) && Number.isFinite(head?.bias);
  if (model?.format === FORMAT && isWhole && numbers(range, 2) && ['ridge', 'logistic'].includes(head!.kind))
    return model as SavedModel;
  throw fail();
}
