import { tokensOf } from './document-key.ts';
import type { RecordDocument, Verdict } from './record-sorter.ts';
import { IdReader } from './id-reader.ts';
import type { FilterCommand, FilterContext, Judge } from './part-filter.ts';
import { cutRanges, textRanges } from './repeated-substrings.ts';
import { SentenceDeduplicator } from './sentence-deduplicator.ts';
import type { SentenceResult } from './sentence-deduplicator.ts';
import type { SymbolRange } from './window-filter.ts';

/** Words, or tokens, that must be left of a document that was cut; words as datatrove has it. */
const LEAST_LEFT = 50;

/** Another document has the same key: rows say in which part and which one there. */
class ExactJudge implements Judge {
  readonly #ids: IdReader;

  constructor({ settings, linesBefore }: FilterContext) {
    this.#ids = new IdReader(settings, { documents: [], linesBefore, largest: [] });
  }

  judge(_document: RecordDocument, [[, rank, document]]: readonly Uint32Array[]): Verdict {
    return { reason: 'exact_duplicate', explanation: { duplicate_of: this.#ids.idOf(rank, document) } };
  }

  close(): void {
    this.#ids.close();
  }
}

class BloomJudge implements Judge {
  judge(): Verdict {
    return { reason: 'bloom_duplicate', explanation: {} };
  }
}

/** What a cut text means for its document. */
export function sentenceVerdict(textKey: string, { text, kept, removed }: SentenceResult): Verdict {
  if (removed.length === 0) return null;
  const explanation = { repeated_spans: removed };
  return kept ? { fields: { [textKey]: text }, explanation } : { reason: 'repeated_sentences', explanation };
}

/** Sentences stand in an earlier place: rows say from which character to which. */
class SentenceJudge implements Judge {
  readonly #textKey: string;
  readonly #deduplicator = new SentenceDeduplicator();

  constructor({ settings }: FilterContext) {
    this.#textKey = settings.textKey;
  }

  judge({ text }: RecordDocument, rows: readonly Uint32Array[]): Verdict {
    const ranges = rows.map(([, start, end]) => [start, end] as const);
    return sentenceVerdict(this.#textKey, this.#deduplicator.cut(text, ranges));
  }
}

function cutText(textKey: string, text: string, ranges: readonly SymbolRange[]): Verdict {
  const found = textRanges(Buffer.from(text), ranges);
  if (found.length === 0) return null;
  const left = cutRanges(text, found);
  const explanation = { repeated_ranges: found.map(({ start, end }) => [start, end]) };
  const words = left.split(/\s+/).filter((word) => word !== '').length;
  if (words < LEAST_LEFT) return { reason: 'repeated_substrings', explanation };
  return { fields: { [textKey]: left }, explanation };
}

/** The text is left as it is: what belongs to the tokens is for a tokenizer to say. */
function cutTokens(tokenKey: string, tokens: Uint32Array, ranges: readonly SymbolRange[]): Verdict {
  const left = Array.from(tokens).filter((_, index) => !ranges.some(({ start, end }) => index >= start && index < end));
  const explanation = { repeated_ranges: ranges.map(({ start, end }) => [start, end]) };
  if (left.length < LEAST_LEFT) return { reason: 'repeated_substrings', explanation };
  return { fields: { [tokenKey]: left }, explanation };
}

/** Symbols stand elsewhere: rows say from which to which. */
class SubstringJudge implements Judge {
  readonly #context: FilterContext;

  constructor(context: FilterContext) {
    this.#context = context;
  }

  judge(document: RecordDocument, rows: readonly Uint32Array[]): Verdict {
    const { settings, keys } = this.#context;
    const ranges = rows.map(([, start, end]) => ({ start, end }));
    if (keys.tokenKey === undefined) return cutText(settings.textKey, document.text, ranges);
    return cutTokens(keys.tokenKey, tokensOf(keys.tokenKey, document), ranges);
  }
}

const JUDGES: Record<FilterCommand, new (context: FilterContext) => Judge> = {
  exact: ExactJudge,
  bloom: BloomJudge,
  sentences: SentenceJudge,
  substrings: SubstringJudge,
};

/** What says what becomes of the documents of a command. */
export const openJudge = (context: FilterContext): Judge => new JUDGES[context.command](context);
