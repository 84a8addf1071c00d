import { askChat, type ChatEndpoint, type ChatUsage } from './chat-endpoint.ts';
import { educationalPrompt, parseScore } from './label-prompt.ts';
import { QualityError } from './quality-error.ts';

/** A text to be labelled. */
export interface Labelable {
  readonly id: string;
  readonly text: string;
}

/** A text with the score it was given and the words that came with it; or the reason why there is none. */
export type LabelledDocument<T extends Labelable = Labelable> = T &
  ({ score: number; answer: string; labelled_by: string } | { error: string });

/** Counters of {@link labelDocuments}. */
export interface LabelUsage extends ChatUsage {
  labelled: number;
  failed: number;
  /** In the currency of the prices given; 0 without prices. */
  cost: number;
}

/** How texts are labelled. */
export interface LabelOptions extends ChatEndpoint {
  /** Questions under way at once. Default 8. */
  concurrency?: number;
  /** The question for a text. Default {@link educationalPrompt}. */
  prompt?: (text: string) => string;
  /** Reads the score from an answer; undefined for "not understood". Default: the last `score: N` from 0 to 5. */
  readScore?: (answer: string) => number | undefined;
  /** A text is cut after so many characters (UTF-16 units, never inside a pair). Default 4000. */
  maximumCharacters?: number;
  /** Price of a million tokens, for the cost counter. */
  prices?: { prompt: number; completion: number };
  /** Called after every text with the counters so far. */
  onProgress?: (usage: LabelUsage) => void;
  signal?: AbortSignal;
}

/**
 * Lets a model behind an OpenAI-compatible endpoint score texts, several at a time, results in the order of the input. A text
 * that gets no score after all attempts comes back with `error` instead, so that one bad page does not end a long run; when the
 * first `concurrency` texts all fail, the endpoint is taken to be wrong.
 *
 * @throws QualityError `ENDPOINT_FAILED` when nothing works from the start; `INVALID_OPTION`
 */
export async function* labelDocuments<T extends Labelable>(
  documents: Iterable<T> | AsyncIterable<T>,
  options: LabelOptions,
): AsyncGenerator<LabelledDocument<T>, LabelUsage> {
  const { concurrency = 8, onProgress } = options;
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new QualityError('INVALID_OPTION', `concurrency: expected a positive integer, got ${concurrency}`);
  }
  const usage: LabelUsage = {
    requests: 0,
    retries: 0,
    promptTokens: 0,
    completionTokens: 0,
    labelled: 0,
    failed: 0,
    cost: 0,
  };
  for await (const result of inOrder(documents, concurrency, (document) => labelOne(document, options, usage))) {
    usage['error' in result ? 'failed' : 'labelled']++;
    if ('error' in result && usage.labelled === 0 && usage.failed >= concurrency) {
      throw new QualityError(
        'ENDPOINT_FAILED',
        `the first ${usage.failed} texts all failed; the last: ${result.error}`,
      );
    }
    usage.cost = costOf(usage, options.prices);
    onProgress?.(usage);
    yield result;
  }
  return usage;
}

async function labelOne<T extends Labelable>(
  document: T,
  options: LabelOptions,
  usage: ChatUsage,
): Promise<LabelledDocument<T>> {
  const { prompt = educationalPrompt, readScore = parseScore, maximumCharacters = 4000, signal } = options;
  try {
    const question = prompt(cut(document.text, maximumCharacters));
    const { value, answer } = await askChat(options, question, (text) => readScore(text), usage, signal);
    return { ...document, score: value, answer, labelled_by: options.model };
  } catch (error) {
    if (!(error instanceof QualityError)) throw error;
    return { ...document, error: error.message };
  }
}

/** The first `length` units of a text, never half a surrogate pair. */
function cut(text: string, length: number): string {
  const end = (text.charCodeAt(length - 1) & 0xfc00) === 0xd800 ? length - 1 : length;
  return text.slice(0, end);
}

function costOf(usage: LabelUsage, prices: LabelOptions['prices']): number {
  if (!prices) return 0;
  return (usage.promptTokens * prices.prompt + usage.completionTokens * prices.completion) / 1e6;
}

/** Maps with up to `width` results under way, yielding in the order of the input. */
async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = [];
  try {
    for await (const item of items) {
      const result = map(item);
      result.catch(() => {}); // reported when it is awaited
      pending.push(result);
      if (pending.length >= width) yield await pending.shift()!;
    }
    while (pending.length > 0) yield await pending.shift()!;
  } finally {
    await Promise.allSettled(pending);
  }
}
