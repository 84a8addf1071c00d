import type { Inspection } from './inspection.ts';
import type { SkipVerdict } from './step-guard.ts';

/** How long something took. All that depends on the clock is kept apart here, so that the rest of a record is reproducible. */
export interface Timing {
  /** wall-clock seconds */
  seconds: number;
  /** tokens trained on per second, over all processes */
  tokensPerSecond?: number;
  /** model FLOPs utilisation: floating-point operations of the model, by the peak of the engine */
  mfu?: number;
}

/** One training step. */
export interface StepRecord {
  /** from 1 */
  step: number;
  /** mean nats per counted token; null when it was NaN or infinite */
  loss: number | null;
  /** parts of the loss by name, as the model's objectives report them; `nextToken` is that of the next token alone */
  parts?: Record<string, number | null>;
  /** loss of the next token / (ln 2 · bytes per token): comparable between tokenizers */
  bitsPerByte?: number;
  /** global gradient norm before clipping */
  gradientNorm: number | null;
  /** and after */
  clippedGradientNorm: number | null;
  /** how many parameters were clipped, when each has a factor of its own */
  clippedParameters?: number;
  /** the schedule's factor */
  learningRateScale: number;
  /** learning rate of each optimizer */
  learningRate: Record<string, number>;
  /** momentum and weight decay of each optimizer that has a schedule for them */
  momentum?: Record<string, number>;
  weightDecay?: Record<string, number>;
  /** largest attention logit of any head */
  maxLogit?: number | null;
  /** heads that QK-Clip scaled down */
  clippedHeads?: number;
  /** tokens trained on since the first step */
  tokens: number;
  /** rows of the batch, over all processes */
  rows?: number;
  /** the state of weights and activations, every so many steps */
  inspection?: Inspection;
  /** why the step was not applied */
  skipped?: SkipVerdict['reason'];
  timing: Timing;
}

/** Results of an evaluation after a step. */
export interface EvaluationRecord {
  step: number;
  evaluation: Record<string, number>;
  timing: Timing;
}

/** A line of metrics. */
export type MetricRecord = StepRecord | EvaluationRecord;

/** Something that happened beside the numbers. */
export interface TrainEvent {
  type:
    | 'start'
    | 'resume'
    | 'settings-changed'
    | 'stage'
    | 'skip'
    | 'alarm'
    | 'rollback'
    | 'adjust'
    | 'failure'
    | 'checkpoint'
    | 'checkpoint-damaged'
    | 'best'
    | 'stop'
    | 'end';
  /** the last finished step */
  step: number;
  /** whatever else there is to say, plain JSON */
  [detail: string]: unknown;
}

/** Takes metrics and events somewhere. */
export interface MetricSink {
  /** names the sink's position in checkpoints; different for each sink of a run */
  readonly name: string;
  /**
   * Called once before the first record.
   *
   * @param position what {@link position} said when the checkpoint was written from which the run goes on: forget all
   * that came later; undefined for a new run: start empty
   */
  open?(position: unknown): void | Promise<void>;
  write(record: MetricRecord): void | Promise<void>;
  event?(event: TrainEvent): void | Promise<void>;
  /** Makes sure that everything so far is kept, and says how much that is: plain JSON. */
  position?(): unknown;
  close?(): void | Promise<void>;
}

/** A number for JSON, which knows neither NaN nor infinity. */
export function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
