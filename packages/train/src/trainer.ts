import {
  disposeCheckpoint,
  restoreTensors,
  snapshotTensors,
  type StoredCheckpoint,
  type CheckpointState,
  type CheckpointStore,
} from './checkpoint.ts';
import type { MetricRecord, StepRecord, TrainEvent } from './metrics.ts';
import { StepGuard, type GuardState } from './step-guard.ts';
import { resolveOptions, type ResolvedOptions, type TrainerOptions } from './trainer-options.ts';
import { runTrainingStep } from './training-step.ts';

/** How a run ended. */
export interface TrainResult {
  /** the last finished step */
  step: number;
  /** whether the signal stopped it before its last step */
  stopped: boolean;
  /** the loss of the last step, in nats; null when that was NaN, or when there was no step */
  loss: number | null;
  /** tokens trained on, since the first step */
  tokens: number;
  /** steps that the guards did not let through */
  skippedSteps: number;
  /** where the last checkpoint is */
  checkpoint?: string;
  /** wall-clock seconds of this call */
  seconds: number;
}

/** Lets signals, timers and other promises have their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) =>
    typeof setImmediate === 'function' ? setImmediate(resolve) : setTimeout(resolve, 0),
  );
}

/**
 * The training loop. Each step: forward (collecting the largest attention logits), loss, backward over the micro-batches,
 * all-reduce, check for NaN and spikes, clip, schedule, optimizers, QK-Clip, metrics; then a checkpoint if due, and only
 * then an evaluation if due, so that an evaluation that fails loses nothing.
 *
 * A run that was stopped, or killed, goes on from its newest checkpoint and ends with the same bits as one that was not:
 * weights, optimizer states, losses and metrics files, apart from their `timing`.
 */
export class Trainer {
  readonly #options: ResolvedOptions;
  readonly #guard: StepGuard;
  #store: CheckpointStore | undefined;
  #step = 0;
  #tokens = 0;
  #skippedSteps = 0;
  #loss: number | null = null;
  #evaluatedStep = 0;
  #saved: { step: number; place: string } | undefined;

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: TrainerOptions) {
    this.#options = resolveOptions(options);
    this.#guard = new StepGuard(options.guards);
  }

  /**
   * Trains to the last step, or until the signal stops it.
   *
   * @throws TrainError `DIVERGED`, `CHECKPOINT_*`, `SINK_MISMATCH`; what model, loader, sinks and evaluation throw
   */
  async run(): Promise<TrainResult> {
    const startedAt = performance.now();
    try {
      await this.#start();
      const stopped = await this.#trainToTheEnd();
      if (stopped) await this.#save();
      await this.#tell({ type: stopped ? 'stop' : 'end', step: this.#step });
      return this.#result(stopped, startedAt);
    } finally {
      for (const sink of this.#options.sinks) await sink.close?.();
    }
  }

  /** @returns whether the signal ended it */
  async #trainToTheEnd(): Promise<boolean> {
    const { totalSteps, checkpoint, evaluate } = this.#options;
    while (this.#step < totalSteps) {
      if (this.#stopRequested()) return true;
      await this.#trainOneStep();
      if (checkpoint && this.#isDue(checkpoint.every)) await this.#save();
      if (evaluate && this.#isDue(evaluate.every)) await this.#evaluate();
      await nextTurn();
    }
    return false;
  }

  async #trainOneStep(): Promise<void> {
    const startedAt = performance.now();
    const batch = await this.#options.loader.next();
    const { record, skip } = await runTrainingStep(this.#options, this.#guard, this.#step + 1, batch);
    const tokens = batch.rows * batch.sequenceLength * this.#options.processGroup.size;
    this.#step++;
    this.#tokens += tokens;
    this.#loss = record.loss;
    if (skip) {
      this.#skippedSteps++;
      await this.#tell({ type: 'skip', step: this.#step, ...skip, value: String(skip.value) });
    }
    const seconds = (performance.now() - startedAt) / 1000;
    await this.#write({
      ...record,
      tokens: this.#tokens,
      timing: { seconds, tokensPerSecond: tokens / seconds },
    } satisfies StepRecord);
  }

  #isDue(every: number): boolean {
    return this.#step % every === 0 || this.#step === this.#options.totalSteps;
  }

  /** All processes stop when one is asked to. */
  #stopRequested(): boolean {
    return this.#options.processGroup.agree({ stop: this.#options.signal?.aborted ? 1 : 0 }).stop > 0;
  }

  async #evaluate(): Promise<void> {
    const startedAt = performance.now();
    const evaluation = await this.#options.evaluate!.run(this.#step);
    this.#evaluatedStep = this.#step;
    await this.#write({ step: this.#step, evaluation, timing: { seconds: (performance.now() - startedAt) / 1000 } });
  }

  // Start and resume

  async #start(): Promise<void> {
    this.#store = await this.#openStore();
    const saved = this.#options.checkpoint?.resume === false ? undefined : await this.#store?.load();
    for (const sink of this.#options.sinks) await sink.open?.(saved?.state.sinks[sink.name]);
    if (!saved) return this.#tell({ type: 'start', step: 0, settings: this.#settings() });
    try {
      await this.#resume(saved);
    } finally {
      disposeCheckpoint(saved);
    }
  }

  async #openStore(): Promise<CheckpointStore | undefined> {
    const { checkpoint } = this.#options;
    if (!checkpoint || 'store' in checkpoint) return checkpoint?.store;
    const { folderStore } = await import('./checkpoint-folder.ts'); // the only thing here that needs Node
    return folderStore(checkpoint.folder, checkpoint);
  }

  async #resume(checkpoint: StoredCheckpoint): Promise<void> {
    const { state } = checkpoint;
    const { model, optimizers, loader, clip, evaluate } = this.#options;
    restoreTensors(checkpoint, model.parameters, optimizers);
    loader.restore(state.loader);
    this.#guard.restore(state.guard as GuardState);
    await this.#restoreClip(state, clip);
    this.#step = state.step;
    this.#tokens = state.tokens;
    this.#skippedSteps = state.skippedSteps;
    this.#loss = state.loss;
    this.#evaluatedStep = state.evaluatedStep;
    this.#saved = { step: state.step, place: checkpoint.place };
    await this.#tell({ type: 'resume', step: this.#step });
    // a checkpoint is written before the evaluation of its step
    if (evaluate && this.#isDue(evaluate.every) && this.#evaluatedStep !== this.#step) await this.#evaluate();
  }

  /** State of another kind of clip means nothing to this one; every changed setting is told. */
  async #restoreClip(state: CheckpointState, clip: ResolvedOptions['clip']): Promise<void> {
    const settings = this.#settings();
    const changed = Object.keys(settings).filter(
      (key) => JSON.stringify(settings[key]) !== JSON.stringify(state.settings[key]),
    );
    if (!changed.includes('gradientClip')) clip.restore(state.clip);
    for (const setting of changed) {
      await this.#tell({
        type: 'settings-changed',
        step: state.step,
        setting,
        before: state.settings[setting],
        now: settings[setting],
      });
    }
  }

  // Checkpoints

  async #save(): Promise<void> {
    if (!this.#store || this.#saved?.step === this.#step || this.#options.processGroup.rank !== 0) return;
    const { model, optimizers } = this.#options;
    const state = await this.#state();
    const tensors = snapshotTensors(model.parameters, optimizers);
    try {
      this.#saved = { step: this.#step, place: await this.#store.save({ state, ...tensors }) };
    } finally {
      disposeCheckpoint(tensors);
    }
    await this.#tell({ type: 'checkpoint', step: this.#step, place: this.#saved.place });
  }

  async #state(): Promise<CheckpointState> {
    const { loader, clip, sinks, config } = this.#options;
    const positions: Record<string, unknown> = {};
    for (const sink of sinks) positions[sink.name] = await sink.position?.();
    return {
      version: 1,
      step: this.#step,
      tokens: this.#tokens,
      skippedSteps: this.#skippedSteps,
      loss: this.#loss,
      evaluatedStep: this.#evaluatedStep,
      loader: loader.state(),
      guard: this.#guard.state(),
      clip: clip.state(),
      sinks: positions,
      settings: this.#settings(),
      config: config ?? null,
    };
  }

  #settings(): Record<string, unknown> {
    const { schedule, clip, optimizers, accumulation } = this.#options;
    const own = optimizers.map(({ name, settings }) => [`optimizer ${name}`, settings] as const);
    return { schedule: schedule.settings, gradientClip: clip.settings, accumulation, ...Object.fromEntries(own) };
  }

  // Records

  async #write(record: MetricRecord): Promise<void> {
    if (this.#options.processGroup.rank !== 0) return;
    for (const sink of this.#options.sinks) await sink.write(record);
  }

  async #tell(event: TrainEvent): Promise<void> {
    if (this.#options.processGroup.rank !== 0) return;
    for (const sink of this.#options.sinks) await sink.event?.(event);
  }

  #result(stopped: boolean, startedAt: number): TrainResult {
    return {
      step: this.#step,
      stopped,
      loss: this.#loss,
      tokens: this.#tokens,
      skippedSteps: this.#skippedSteps,
      ...(this.#saved && { checkpoint: this.#saved.place }),
      seconds: (performance.now() - startedAt) / 1000,
    };
  }
}
