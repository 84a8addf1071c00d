/** Kept, or dropped with the rule that said so, what it measured, and the limit that was passed. */
export type Verdict =
  | { keep: true }
  | { keep: false; reason: string; value?: number | string; limit?: number | string };

/** A verdict, and what the filter learnt or rewrote: later filters and the output must use `text` where it is given. */
export type FilterResult = Verdict & { text?: string; metadata?: Record<string, unknown> };

/** What a filter reads: a document, or its text alone. */
export type TextInput = string | { readonly text: string };

/** One quality rule set. Filters keep no state between documents, so order and sharding never change a verdict. */
export interface QualityFilter {
  /** Kebab-case name, used in counts and as the folder of removed documents. */
  readonly name: string;
  /** Judges one document. Never throws on any text. */
  check(input: TextInput): FilterResult;
}

/** The one way to say yes. */
export const KEEP: FilterResult = Object.freeze({ keep: true });

/** A drop with its reason, the measured value and the limit it passed. */
export function drop(reason: string, value?: number | string, limit?: number | string): FilterResult {
  return { keep: false, reason, value, limit };
}

/** The text of a document or of a bare string. */
export function textOf(input: TextInput): string {
  return typeof input === 'string' ? input : input.text;
}

/** `part / whole`, and 0 for an empty whole: the sources divide by zero on empty documents. */
export function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
