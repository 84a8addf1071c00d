import type { Document, Step } from './document.ts';

/** What a filter says of a document; it may also hand back a changed text. */
export type FilterVerdict =
  | { keep: true; text?: string }
  | { keep: false; reason: string; value?: number | string; limit?: number | string };

/** A filter as `@smol/quality` and others make them. */
export interface Filter {
  readonly name: string;
  check(document: Document): FilterVerdict | Promise<FilterVerdict>;
}

/** Makes a step of a filter: documents that it does not keep are dropped for its reason. */
export function filterStep(filter: Filter, version?: string): Step {
  return {
    name: filter.name,
    version,
    async process(document) {
      const verdict = await filter.check(document);
      if (!verdict.keep) return { drop: verdict.reason, value: verdict.value, limit: verdict.limit };
      return verdict.text === undefined ? document : { ...document, text: verdict.text };
    },
  };
}
