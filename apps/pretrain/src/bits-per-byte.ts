import type { Tokenizer } from '@smol/tokenizer';

/** Rows of token ids to be scored, row-major [rows, sequenceLength]. */
export interface ScoringBatch {
  inputs: Int32Array;
  /** The token after each input; -100 where it is not scored. */
  targets: Int32Array;
  segments: Int32Array;
  rows: number;
  sequenceLength: number;
  /** How many targets are scored. */
  scored: number;
}

const IGNORED = -100;

/** A window of one document: inputs start at `start`, and the targets from `scoredFrom` on have not been scored before. */
interface Window {
  ids: Int32Array;
  start: number;
  scoredFrom: number;
}

/**
 * Cuts documents into windows such that every token is scored once, with at least `sequenceLength − stride` tokens of
 * context where the document has them. Each document begins after an end-of-text token, which itself is never scored.
 */
function* windowsOf(
  text: string,
  tokenizer: Tokenizer,
  prefix: number,
  sequenceLength: number,
  stride: number,
): Generator<Window> {
  const ids = Int32Array.of(prefix, ...tokenizer.encode(text, { allowedSpecial: 'none' }));
  const lastStart = Math.max(0, Math.ceil((ids.length - 1 - sequenceLength) / stride) * stride);
  for (let start = 0; start <= lastStart; start += stride) {
    const scoredFrom = start === 0 ? 0 : sequenceLength - stride;
    yield { ids, start, scoredFrom };
  }
}

/** Batches that score every token of the texts exactly once. */
export function* scoringBatches(
  texts: Iterable<string>,
  options: { tokenizer: Tokenizer; prefix: number; sequenceLength: number; stride: number; batchSize: number },
): Generator<ScoringBatch> {
  const { tokenizer, prefix, sequenceLength, stride, batchSize } = options;
  let pending: Window[] = [];
  for (const text of texts) {
    for (const window of windowsOf(text, tokenizer, prefix, sequenceLength, stride)) {
      pending.push(window);
      if (pending.length === batchSize) {
        yield toBatch(pending, sequenceLength, prefix);
        pending = [];
      }
    }
  }
  if (pending.length > 0) yield toBatch(pending, sequenceLength, prefix);
}

function toBatch(windows: Window[], sequenceLength: number, prefix: number): ScoringBatch {
  const size = windows.length * sequenceLength;
  const inputs = new Int32Array(size).fill(prefix);
  const targets = new Int32Array(size).fill(IGNORED);
  let scored = 0;
  windows.forEach(({ ids, start, scoredFrom }, row) => {
    const length = Math.min(sequenceLength, ids.length - 1 - start);
    inputs.set(ids.subarray(start, start + length), row * sequenceLength);
    for (let position = scoredFrom; position < length; position++) {
      targets[row * sequenceLength + position] = ids[start + position + 1];
      scored += 1;
    }
  });
  return { inputs, targets, segments: new Int32Array(size), rows: windows.length, sequenceLength, scored };
}

/** Nats summed over a text to bits per UTF-8 byte: the loss that can be compared across tokenizers. */
export const toBitsPerByte = (nats: number, bytes: number): number => nats / (Math.LN2 * bytes);
