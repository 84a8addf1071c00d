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
  /** Names the input in errors, and to the steps. */
  input?: string;
  /** Number of the task, for the steps. Default 0. */
  task?: number;
}

/** How far a run of steps is, as plain JSON. */
export interface SavedSteps {
  readonly counts: Counts;
  readonly seconds: readonly number[];
  readonly states: readonly unknown[];
}

/** Runs documents through steps one at a time, and counts. */
export class StepRunner {
  readonly counts: Counts;
  /** Seconds that each step has taken so far. */
  readonly seconds: number[];
  readonly #steps: readonly Step[];
  readonly #contexts: readonly StepContext[];
  readonly #options: RunStepsOptions;

  /** @throws PipelineError INVALID_ARGUMENT */
  constructor(steps: readonly Step[], options: RunStepsOptions = {}, saved?: SavedSteps) {
    checkSteps(steps);
    this.counts = saved?.counts ?? zeroCounts(steps);
    this.seconds = [...(saved?.seconds ?? steps.map(() => 0))];
    this.#steps = steps;
    this.#options = options;
    this.#contexts = steps.map((_, index) => contextOf(this.counts, index, options));
    for (const step of steps) step.reset?.();
    if (saved) steps.forEach((step, index) => step.restore?.(saved.states[index]));
  }

  /** Whether `save` holds all that the steps remember. */
  get canBeSaved(): boolean {
    return this.#steps.every(({ reset, state, restore }) => !reset || (state && restore));
  }

  /** How far the steps are, for another runner to go on from. */
  save(): SavedSteps {
    return { counts: this.counts, seconds: this.seconds, states: this.#steps.map((step) => step.state?.() ?? null) };
  }

  /** Puts into the counts what the steps have found out. */
  finish(): void {
    this.#steps.forEach((step, index) => {
      const summary = step.summary?.();
      if (summary !== undefined) this.counts.steps[index].summary = summary;
    });
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
    const start = performance.now();
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
    this.seconds[index] += (performance.now() - start) / 1000;
    return kept;
  }

  async #process(index: number, document: Document): Promise<readonly (Document | Drop)[]> {
    const step = this.#steps[index];
    try {
      const processed = step.process(document, this.#contexts[index]);
      const result = processed instanceof Promise ? await processed : processed;
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

function contextOf(counts: Counts, index: number, { task = 0, input = '' }: RunStepsOptions): StepContext {
  return {
    task,
    input,
    get record() {
      return counts.read - 1;
    },
    count: (name, amount) => addTo(counts.steps[index].counts, name, amount),
  };
}
