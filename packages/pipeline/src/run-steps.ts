import type { Document, Drop, Step } from './document.ts';
import { StepRunner } from './step-runner.ts';
import type { RunStepsOptions } from './step-runner.ts';
import type { Counts } from './step-counts.ts';

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
    runner.finish();
  }
  return { counts: runner.counts, [Symbol.asyncIterator]: iterate };
}
