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

/** What a step can tell the pipeline while it works. */
export interface StepContext {
  /** Adds to a number of this step in the report, e.g. `count('emails', 3)`. */
  count(name: string, amount?: number): void;
}

/** One thing done to documents, one at a time. It must not carry anything from one shard to the next (see `reset`). */
export interface Step {
  /** Unique among the steps; letters, digits, `_`, `-` and `.`. */
  readonly name: string;
  /** Change it when the step gives other results: finished shards are then done again. */
  readonly version?: string;
  process(document: Document, context: StepContext): StepResult | Promise<StepResult>;
  /** Called before each shard: a step with memory forgets. */
  reset?(): void;
}

/** What the pipeline offers a reader. */
export interface ReadContext {
  /** Says how many bytes of the input have been read so far, for the progress display. */
  reportBytes(bytes: number): void;
}

/** Reads one input: its documents in order, and a drop for whatever in it cannot be read. */
export type Reader = (input: string, context: ReadContext) => AsyncIterable<Document | Drop>;

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
