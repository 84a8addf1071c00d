import { RandomStream } from '@smol/random';
import type { Document, Drop, Step } from './document.ts';
import { PipelineError } from './pipeline-error.ts';

/** The number in [0, 1) of a document: of its id and the seed only, so that order, splits and workers play no part. */
export function chanceOf({ id }: { readonly id: string }, seed: number): number {
  return new RandomStream(seed, `sample ${id}`).uniform(0);
}

/** How documents are sampled at a rate. */
export interface RateOptions {
  /**
   * How often a document is kept, on the average: 0.1 keeps a tenth, 2.5 every document twice and half of them a third
   * time. A function can tell documents apart, by language or source.
   */
  rate: number | ((document: Document) => number);
  seed: number;
  /** Default `sample`. */
  name?: string;
}

/**
 * A step that keeps documents at a rate: the same documents for any number of workers, and those of a lower rate are
 * among those of a higher one.
 *
 * @throws PipelineError INVALID_ARGUMENT
 */
export function rateSampler({ rate, seed, name = 'sample' }: RateOptions): Step {
  if (typeof rate === 'number') checkRate(rate);
  return {
    name,
    process(document): Document | Drop | Document[] {
      const copies = typeof rate === 'number' ? rate : checkRate(rate(document));
      const value = chanceOf(document, seed);
      const kept = Math.floor(copies) + (value < copies % 1 ? 1 : 0);
      if (kept === 0) return { drop: 'not_sampled', value, limit: copies };
      return kept === 1 ? document : Array.from({ length: kept }, () => document);
    },
  };
}

/** How much is taken as a sample. At least one of the two limits. */
export interface SampleOptions {
  /** Documents. */
  count?: number;
  /** What the documents may measure together, by `sizeOf`. */
  budget?: number;
  /** Size of a document for the budget. Default `metadata.token_count`. */
  sizeOf?: (document: Document) => number;
  /** How likely a document is taken compared with others (A-ES, Efraimidis and Spirakis 2006). Default 1 for all. */
  weightOf?: (document: Document) => number;
  seed: number;
}

interface Ranked {
  readonly document: Document;
  readonly rank: number;
  readonly size: number;
}

/**
 * A sample of as many documents, or as many tokens, as wanted, in memory of the sample's size: documents come by rank,
 * a random number of id and seed, and those of the lowest ranks stay. Parts can be sampled apart and merged.
 */
export class DocumentSample {
  readonly #options: Required<SampleOptions>;
  #ranked: Ranked[] = [];
  /** Of documents that have been put in order. */
  #sorted = 0;

  /** @throws PipelineError INVALID_ARGUMENT */
  constructor(options: SampleOptions) {
    const { count = Infinity, budget = Infinity, sizeOf = tokenCount, weightOf = () => 1, seed } = options;
    if (count === Infinity && budget === Infinity) throw invalid('count or budget must be given');
    for (const limit of [count, budget])
      if (!(limit >= 0)) throw invalid(`limits of a sample are numbers from 0 on, got ${limit}`);
    this.#options = { count, budget, sizeOf, weightOf, seed };
  }

  add(document: Document): void {
    const { weightOf, seed, sizeOf, budget } = this.#options;
    const weight = weightOf(document);
    if (!(weight >= 0))
      throw invalid(`the weight of document ${document.id} must be a number from 0 on, got ${weight}`);
    if (weight === 0) return;
    // An exponential variate of rate `weight`: the smallest of many are a weighted sample without replacement.
    const rank = -Math.log1p(-chanceOf(document, seed)) / weight;
    this.#ranked.push({ document, rank, size: budget === Infinity ? 0 : sizeOf(document) });
    if (this.#ranked.length >= 2 * this.#sorted + 1024) this.#cut();
  }

  /** Takes in the sample of another part. */
  merge(other: DocumentSample): void {
    this.#ranked.push(...other.#ranked);
    this.#cut();
  }

  /** The sample, lowest rank first. */
  documents(): Document[] {
    this.#cut();
    return this.#ranked.map(({ document }) => document);
  }

  /** Puts in order, and forgets what can be in no sample: what comes after the limits are reached. */
  #cut(): void {
    const { count, budget } = this.#options;
    this.#ranked.sort(
      (a, b) => a.rank - b.rank || (a.document.id < b.document.id ? -1 : Number(a.document.id > b.document.id)),
    );
    let total = 0;
    const end = this.#ranked.findIndex(({ size }, index) => index >= count || (total += size) > budget);
    if (end !== -1) this.#ranked.length = end;
    this.#sorted = this.#ranked.length;
  }
}

/** A sample of a stream, in the order of ranks. */
export async function sampleDocuments(
  documents: Iterable<Document> | AsyncIterable<Document>,
  options: SampleOptions,
): Promise<Document[]> {
  const sample = new DocumentSample(options);
  for await (const document of documents) sample.add(document);
  return sample.documents();
}

function tokenCount({ id, metadata }: Document): number {
  if (typeof metadata.token_count === 'number') return metadata.token_count;
  throw invalid(`document ${id} has no metadata.token_count; count tokens first, or give sizeOf`);
}

function checkRate(rate: number): number {
  if (Number.isFinite(rate) && rate >= 0) return rate;
  throw invalid(`a rate is a number from 0 on, got ${rate}`);
}

function invalid(message: string): PipelineError {
  return new PipelineError('INVALID_ARGUMENT', message);
}
