import type { LoadedRecipe } from './load-recipe.ts';
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

/** One step: its fingerprint decides whether its output on disk is still the right one. */
export interface Step<Summary = unknown> {
  name: StepName;
  /** Everything the output depends on besides the steps before it, as JSON-able data. */
  inputs(context: StepContext): unknown;
  /** `key` is the fingerprint of all inputs: what a half-done step left under another key must not be used. */
  run(context: StepContext, key: string): Promise<Summary>;
}
