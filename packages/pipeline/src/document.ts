/** A text and what is known of it. Keys of `metadata` follow datatrove: `dump`, `date`, `language`, `language_score`, `token_count`, `file_path`. */
export interface Document {
  id: string;
  text: string;
  url?: string;
  metadata: Record<string, unknown>;
}

/** A document is left out: `drop` is the reason, one of a few fixed words that are counted; the rest is kept for the curious. */
export interface Drop {
  drop: string;
  /** What was measured. */
  value?: number | string;
  /** What it was compared with. */
  limit?: number | string;
  /** Where or how, in words. */
  message?: string;
}

/** What a step makes of a document: itself or another, several, or none (`null` is a drop without a reason). */
export type StepResult = Document | Drop | null | readonly (Document | Drop)[];

/** What a step can tell the pipeline while it works, and what it may know. */
export interface StepContext {
  /** Adds to a number of this step in the report, e.g. `count('emails', 3)`. */
  count(name: string, amount?: number): void;
  /** Number of the task, of the record in it (both from 0), and the input: the same for any number of workers. */
  readonly task: number;
  readonly record: number;
  readonly input: string;
}

/** One thing done to documents, one at a time. It must not carry anything from one task to the next (see `reset`). */
export interface Step {
  /** Unique among the steps; letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Change it when the step gives other results: a run with the old one is then not gone on with. */
  readonly version?: string;
  process(document: Document, context: StepContext): StepResult | Promise<StepResult>;
  /** Called before each task: a step with memory forgets. */
  reset?(): void;
  /** What a step with memory remembers, as plain JSON; without it a task that was killed begins at its first record. */
  state?(): unknown;
  /** Remembers what `state` gave. Called after `reset`. */
  restore?(state: unknown): void;
  /** What the step has found out in a task, as plain JSON, for its stats and the report. */
  summary?(): unknown;
}

/** A part of an input that can be read on its own: plain JSON, in the reader's own unit (bytes, row groups). */
export interface Split {
  readonly start: number;
  readonly end: number;
  /** Its weight in the progress display. Default `end - start`. */
  readonly bytes?: number;
}

/** What the pipeline tells a reader, and hears of it. */
export interface ReadContext {
  /** The part to read; without it, the whole input. */
  readonly split?: Split;
  /** A position that was told by `reached` before: the reader begins there. */
  readonly from?: unknown;
  /** Says, between two records, from where exactly the following ones can be read again: plain JSON. */
  reached(position: unknown): void;
  /** Says how many bytes of the split (or input) have been read so far, for the progress display. */
  reportBytes(bytes: number): void;
}

/** Reads one input, or a part of it: its documents in order, and a drop for whatever in it cannot be read. */
export interface Reader {
  (input: string, context: ReadContext): AsyncIterable<Document | Drop>;
  /**
   * How an input can be split into parts of about `bytes` bytes: all of it, in order, at least one part. Depends on
   * nothing but these two. Without it an input is read whole.
   */
  splits?(input: string, options: { readonly bytes: number }): Promise<readonly Split[]> | readonly Split[];
}

/** What `createSteps` of a steps module gives. */
export interface Steps {
  readonly read: Reader;
  readonly steps: readonly Step[];
}

/** A steps module: plain JavaScript, imported inside each worker. */
export interface StepsModule {
  createSteps(options: unknown): Steps | Promise<Steps>;
}

/** Tells the two things apart that readers and steps give. */
export function isDrop(item: unknown): item is Drop {
  return typeof (item as Drop | null | undefined)?.drop === 'string';
}

/** Whether a value has the shape of a document. */
export function isDocument(value: unknown): value is Document {
  const { id, text, url, metadata } = (value ?? {}) as Partial<Document>;
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  return (
    typeof id === 'string' && typeof text === 'string' && isObject && (url === undefined || typeof url === 'string')
  );
}
