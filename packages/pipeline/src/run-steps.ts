import { isDocument, isDrop } from './document.ts';
import type { Document, Drop, Step, StepContext } from './document.ts';
import { PipelineError, messageOf } from './pipeline-error.ts';
import { addTo, zeroCounts } from './step-counts.ts';
import type { Counts } from './step-counts.ts';

/** More reasons than this from one step are a mistake: numbers or names belong in `value`. */
const MAXIMUM_REASONS = 100;

/** A document that was left out, by which step, and why. */
export interface RemovedDocument {
  /** The document, or `null` where there was none to read. */
  document: Document | null;
  step: string;
  drop: Drop;
}

/** How documents are run through steps. */
export interface RunStepsOptions {
  /** Told of each document that is left out. */
  onDrop?: (removed: RemovedDocument) => void;
  /** When a step throws: stop with an error that names the record (default), or drop it as `record_error`. */
  onRecordError?: 'abort' | 'drop';
  /** Names the input in errors. */
  input?: string;
}

/** Runs documents through steps one at a time, and counts. */
export class StepRunner {
  readonly counts: Counts;
  readonly #steps: readonly Step[];
  readonly #contexts: readonly StepContext[];
  readonly #options: RunStepsOptions;

  /** @throws PipelineError INVALID_ARGUMENT */
  constructor(steps: readonly Step[], options: RunStepsOptions = {}) {
    checkSteps(steps);
    this.counts = zeroCounts(steps);
    this.#steps = steps;
    this.#options = options;
    this.#contexts = this.counts.steps.map(({ counts }) => ({ count: (name, amount) => addTo(counts, name, amount) }));
    for (const step of steps) step.reset?.();
  }

  /** What is left of one record after all steps. */
  async run(record: Document | Drop): Promise<Document[]> {
    this.counts.read += 1;
    if (isDrop(record)) {
      this.#countReason(this.counts.unreadable, 'read', record.drop);
      this.#options.onDrop?.({ document: null, step: 'read', drop: record });
      return [];
    }
    if (!isDocument(record)) throw this.#readerError(record);
    let documents: Document[] = [record];
    for (let index = 0; index < this.#steps.length && documents.length > 0; index++) {
      documents = await this.#runStep(index, documents);
    }
    this.counts.kept += documents.length;
    for (const { text } of documents) this.counts.keptCharacters += text.length;
    return documents;
  }

  async #runStep(index: number, documents: readonly Document[]): Promise<Document[]> {
    const counts = this.counts.steps[index];
    const kept: Document[] = [];
    for (const document of documents) {
      counts.in += 1;
      for (const item of await this.#process(index, document)) {
        if (!isDrop(item)) kept.push(item);
        else {
          this.#countReason(counts.dropped, counts.name, item.drop);
          this.#options.onDrop?.({ document, step: counts.name, drop: item });
        }
      }
    }
    counts.out += kept.length;
    return kept;
  }

  async #process(index: number, document: Document): Promise<readonly (Document | Drop)[]> {
    const step = this.#steps[index];
    try {
      const result = await step.process(document, this.#contexts[index]);
      if (result === null) return [{ drop: 'dropped' }];
      const items = Array.isArray(result) ? (result as readonly (Document | Drop)[]) : [result as Document | Drop];
      for (const item of items) checkItem(item);
      return items;
    } catch (cause) {
      if (this.#options.onRecordError === 'drop') return [{ drop: 'record_error', message: messageOf(cause) }];
      throw this.#recordError(step, document, cause);
    }
  }

  #recordError(step: Step, { id }: Document, cause: unknown): PipelineError {
    const record = `record ${this.counts.read} (id ${JSON.stringify(id.slice(0, 100))}) of ${this.#options.input ?? 'the documents'}`;
    return new PipelineError(
      'RECORD_FAILED',
      `step "${step.name}" failed on ${record}: ${messageOf(cause)}; ` +
        "repair the step, or set onRecordError to 'drop' to leave such records out and count them",
      { cause },
    );
  }

  #readerError(record: unknown): PipelineError {
    return new PipelineError(
      'READ_FAILED',
      `the reader must give { id, text, metadata } or { drop: reason }, got ${shorten(record)} ` +
        `as record ${this.counts.read} of ${this.#options.input ?? 'the documents'}`,
    );
  }

  #countReason(counts: Record<string, number>, step: string, reason: string): void {
    addTo(counts, reason);
    if (Object.keys(counts).length <= MAXIMUM_REASONS) return;
    throw new PipelineError(
      'TOO_MANY_REASONS',
      `step "${step}" drops for more than ${MAXIMUM_REASONS} different reasons, such as ${JSON.stringify(reason.slice(0, 80))}; ` +
        'use a few fixed reasons and put what varies into value',
    );
  }
}

/** What is left of documents after steps, one at a time as they are asked for; `counts` grows while they are read. */
export interface StepsRun extends AsyncIterable<Document> {
  readonly counts: Counts;
}

/**
 * Runs documents through steps in this thread, in order and one at a time.
 *
 * @param documents what goes in; a drop among them is counted as unreadable
 * @throws PipelineError INVALID_ARGUMENT; while reading RECORD_FAILED, READ_FAILED, TOO_MANY_REASONS
 */
export function runSteps(
  documents: Iterable<Document | Drop> | AsyncIterable<Document | Drop>,
  steps: readonly Step[],
  options: RunStepsOptions = {},
): StepsRun {
  const runner = new StepRunner(steps, options);
  async function* iterate(): AsyncGenerator<Document> {
    for await (const record of documents) yield* await runner.run(record);
  }
  return { counts: runner.counts, [Symbol.asyncIterator]: iterate };
}

/** @throws PipelineError INVALID_ARGUMENT when names of steps repeat or are no names */
export function checkSteps(steps: readonly Step[]): void {
  const seen = new Set(['read']);
  for (const { name } of steps) {
    if (typeof name !== 'string' || !/^[\w.-]{1,60}$/.test(name)) {
      throw new PipelineError(
        'INVALID_ARGUMENT',
        `a step's name must be up to 60 letters, digits, "_", "-" or ".", got ${JSON.stringify(name)}`,
      );
    }
    if (seen.has(name))
      throw new PipelineError('INVALID_ARGUMENT', `two steps are named "${name}" ("read" is the reader)`);
    seen.add(name);
  }
}

function checkItem(item: unknown): void {
  if (isDrop(item) || isDocument(item)) return;
  throw new TypeError(
    `a step must give { id, text, metadata }, { drop: reason }, null or an array of those, got ${shorten(item)}`,
  );
}

function shorten(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 80) ?? typeof value;
}
