import type { LoadedRecipe } from './load-recipe.ts';
import { PretrainError } from './pretrain-error.ts';
import type { Progress } from './progress.ts';

/** The steps of a run, in order. */
export const stepNames = ['sample', 'curate', 'tokenize', 'train', 'evaluate', 'export', 'report'] as const;
export type StepName = (typeof stepNames)[number];

/** What every step gets to work with. */
export interface StepContext extends LoadedRecipe {
  /** `runs/NAME`, absolute. */
  runFolder: string;
  /** Data workers and engine threads. */
  threads: number;
  progress: Progress;
  /** Aborted when the user wants to stop; a step then saves what it has and throws PretrainError `STOPPED`. */
  signal: AbortSignal;
}

/** One step: its fingerprint and its files decide whether what it left on disk is still the right thing. */
export interface Step<Summary = unknown> {
  name: StepName;
  /** Files and folders that it leaves in the run folder; when one of their files goes missing, the step is done again. */
  outputs: readonly string[];
  /** Everything the output depends on besides the steps before it, as JSON-able data. */
  inputs(context: StepContext): unknown;
  /** `key` is the fingerprint of all inputs: what a half-done step left under another key must not be used. */
  run(context: StepContext, key: string): Promise<Summary>;
  /** What came of it, in half a line. */
  describe(summary: Summary): string;
}

/** Throws PretrainError `STOPPED` when the user asked to stop. */
export function stopIfAsked(signal: AbortSignal): void {
  if (signal.aborted) throw new PretrainError('STOPPED', 'stopped; the same command goes on from here');
}

/** Lets signals have their turn in the middle of long synchronous work, and heeds them. */
export async function takeTurn(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  stopIfAsked(signal);
}
