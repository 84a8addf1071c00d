import { batchesOf, inOrder } from './batches.ts';
import { readTexts } from './text-files.ts';
import { TokenizerError } from './tokenizer-error.ts';
import type { EncodeOptions, Tokenizer } from './tokenizer.ts';
import { WorkerPool, workerCount } from './worker-pool.ts';

/** How to encode many texts. */
export interface BatchOptions extends EncodeOptions {
  /** Threads. Default: one for every core. The ids are the same for any number. */
  workers?: number;
}

/** Takes ids a document at a time, at least one of them, as the `ShardWriter` of `@smol/dataset` does. */
export interface TokenWriter {
  append(ids: Uint32Array): unknown;
}

/** What was encoded. */
export interface EncodeTotals {
  documents: number;
  tokens: number;
}

/** How to encode a file. */
export interface EncodeFileOptions extends BatchOptions {
  /** A special token to put after every document, such as `<|endoftext|>`. Default: the tokenizer's end-of-text token. */
  endOfText?: string | false;
}

type Encode = (texts: string[]) => Promise<Uint32Array[]>;

/** Encodes texts on several threads, ready to be used again and again: each thread builds the tokenizer once. */
export class BatchEncoder {
  readonly #tokenizer: Tokenizer;
  readonly #pool: WorkerPool | undefined;

  /** @throws TokenizerError `INVALID_ARGUMENT` */
  constructor(tokenizer: Tokenizer, { workers }: { workers?: number } = {}) {
    const count = workerCount(workers);
    const tokenizerJson = count === 1 ? '' : JSON.stringify(tokenizer.toJson());
    this.#tokenizer = tokenizer;
    this.#pool = count === 1 ? undefined : new WorkerPool(count, () => ({ kind: 'encode', tokenizerJson }));
  }

  /**
   * Encodes texts, in their order.
   *
   * @throws TokenizerError as `Tokenizer.encode`
   */
  async encode(texts: readonly string[], options: EncodeOptions = {}): Promise<Uint32Array[]> {
    const ids: Uint32Array[] = [];
    for await (const [, encoded] of this.stream(
      texts.map((text) => ({ text })),
      options,
    ))
      ids.push(...encoded);
    return ids;
  }

  /** Batches of items and the ids of their texts, in order; only a few batches are in memory at a time. */
  stream<Item extends { text: string }>(
    items: AsyncIterable<Item> | Iterable<Item>,
    options: EncodeOptions = {},
  ): AsyncGenerator<[Item[], Uint32Array[]]> {
    const plain = sendable(options);
    const encode: Encode = async (texts) =>
      this.#pool
        ? ((await this.#pool.run({ texts, options: plain })) as Uint32Array[])
        : texts.map((text) => this.#tokenizer.encode(text, plain));
    return inOrder(batchesOf(items), (batch) => encode(batch.map(({ text }) => text)), 2 * (this.#pool?.size ?? 1));
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await this.#pool?.close();
  }
}

/** Sets as arrays: an iterator cannot be sent to a thread, or read twice. */
function sendable({ allowedSpecial, disallowedSpecial, addSpecialTokens }: EncodeOptions): EncodeOptions {
  const listed = (set: EncodeOptions['allowedSpecial']) => (typeof set === 'object' ? [...set] : set);
  return { allowedSpecial: listed(allowedSpecial), disallowedSpecial: listed(disallowedSpecial), addSpecialTokens };
}

/**
 * Encodes texts on several threads, and gives their ids in the same order. For many calls make a `BatchEncoder`.
 *
 * @throws TokenizerError as `Tokenizer.encode`; `INVALID_ARGUMENT` for a bad number of workers
 */
export async function encodeBatch(
  tokenizer: Tokenizer,
  texts: readonly string[],
  { workers, ...options }: BatchOptions = {},
): Promise<Uint32Array[]> {
  const encoder = new BatchEncoder(tokenizer, { workers });
  try {
    return await encoder.encode(texts, options);
  } finally {
    await encoder.close();
  }
}

/**
 * Encodes the documents of a file (`.jsonl`, `.txt`, each also `.gz`; see `trainFromFiles`) straight into a token shard,
 * in their order.
 *
 * @param writer gets the ids of one document at a time; the caller closes it
 * @throws TokenizerError `FILE_NOT_FOUND` or `INVALID_ARGUMENT` naming the file and the line, `UNKNOWN_TOKEN`
 */
export async function encodeFile(
  tokenizer: Tokenizer,
  path: string,
  writer: TokenWriter,
  { workers, endOfText = tokenizer.config.eosToken ?? false, ...options }: EncodeFileOptions = {},
): Promise<EncodeTotals> {
  const last = endOfText === false ? [] : [specialId(tokenizer, endOfText)];
  const totals: EncodeTotals = { documents: 0, tokens: 0 };
  const encoder = new BatchEncoder(tokenizer, { workers });
  try {
    for await (const [, encoded] of encoder.stream(readTexts([path]), options)) {
      for (const ids of encoded) {
        const document = new Uint32Array(ids.length + last.length);
        document.set(ids);
        document.set(last, ids.length);
        if (document.length > 0) await writer.append(document);
        totals.documents++;
        totals.tokens += document.length;
      }
    }
    return totals;
  } finally {
    await encoder.close();
  }
}

function specialId(tokenizer: Tokenizer, token: string): number {
  const id = tokenizer.specialTokens.get(token);
  if (id !== undefined) return id;
  throw new TokenizerError(
    'UNKNOWN_TOKEN',
    `endOfText ${JSON.stringify(token)} is not a special token of the tokenizer`,
  );
}
