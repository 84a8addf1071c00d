import { disposeCheckpoint, restoreTensors, type CheckpointState, type StoredCheckpoint } from './checkpoint.ts';
import { Checkpointer } from './checkpointer.ts';
import type { MetricRecord, StepRecord, TrainEvent } from './metrics.ts';
import { resetOptimizer } from './optimizer.ts';
import { adjusted, noRollbacks, rollbackScale, type RollbackState } from './rollback.ts';
import { stageOf, stageScale } from './stages.ts';
import { StepGuard, type Failure, type GuardState } from './step-guard.ts';
import { TrainError } from './train-error.ts';
import { resolveOptions, type ResolvedOptions, type TrainerOptions } from './trainer-options.ts';
import { runTrainingStep, type StepOutcome } from './training-step.ts';

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
  /** times the run went back to a checkpoint */
  rollbacks: number;
  /** where the last checkpoint is */
  checkpoint?: string;
  /** wall-clock seconds of this call */
  seconds: number;
}

/** How far a run has come: what its checkpoints hold beside the states of its parts. */
interface RunProgress {
  step: number;
  tokens: number;
  skippedSteps: number;
  loss: number | null;
  evaluatedStep: number;
  best: { step: number; value: number } | null;
  rollbacks: RollbackState;
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
  #checkpoints!: Checkpointer;
  #progress: RunProgress = {
    step: 0,
    tokens: 0,
    skippedSteps: 0,
    loss: null,
    evaluatedStep: 0,
    best: null,
    rollbacks: noRollbacks,
  };
  #loaderStage: number | undefined;
  #saveRequested = false;

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
      await this.#tell({ type: stopped ? 'stop' : 'end', step: this.#progress.step });
      return this.#result(stopped, startedAt);
    } finally {
      for (const sink of this.#options.sinks) await sink.close?.();
    }
  }

  /** Asks for a checkpoint after the current step, besides the regular ones; the run goes on. */
  requestCheckpoint(): void {
    this.#saveRequested = true;
  }

  /** @returns whether the signal ended it */
  async #trainToTheEnd(): Promise<boolean> {
    const { totalSteps, checkpoint, evaluate } = this.#options;
    while (this.#progress.step < totalSteps) {
      const { stop, save } = this.#requests();
      if (save) await this.#save();
      if (stop) return true;
      await this.#enterStage();
      const failure = await this.#trainOneStep();
      if (failure) {
        await this.#rollBack(failure);
        continue;
      }
      const isEvaluated = evaluate !== undefined && this.#isDue(evaluate.every);
      if (checkpoint && (isEvaluated || this.#isDue(checkpoint.every))) await this.#save();
      if (isEvaluated) await this.#evaluate();
      await nextTurn();
    }
    return false;
  }

  async #trainOneStep(): Promise<Failure | undefined> {
    const startedAt = performance.now();
    const { loader, schedule, stages, guards, processGroup } = this.#options;
    const progress = this.#progress;
    const step = progress.step + 1;
    const batch = await loader.next();
    this.#noticeMixture(batch.stage);
    const adjust = guards?.rollback?.adjust;
    const learningRateScale =
      schedule(step) * stageScale(stages, step) * rollbackScale(progress.rollbacks, adjust, step);
    const plan = { step, learningRateScale, tightness: progress.rollbacks.clip };
    const outcome = await runTrainingStep(this.#options, this.#guard, plan, batch);
    const rows = batch.rows * processGroup.size;
    const tokens = rows * batch.sequenceLength;
    progress.step = step;
    progress.tokens += tokens;
    progress.loss = outcome.record.loss;
    if (outcome.skip) progress.skippedSteps++;
    await this.#tellOf(outcome);
    const timing = this.#timing(startedAt, tokens, batch.sequenceLength);
    await this.#write({ ...outcome.record, tokens: progress.tokens, rows, timing } satisfies StepRecord);
    return outcome.failure;
  }

  /** The loader's next mixture may have another loss. */
  #noticeMixture(stage: number | undefined): void {
    if (this.#loaderStage !== undefined && stage !== this.#loaderStage) this.#guard.startStage(this.#progress.step);
    this.#loaderStage = stage;
  }

  #timing(startedAt: number, tokens: number, sequenceLength: number): StepRecord['timing'] {
    const { flopsPerToken, peakFlops } = this.#options;
    const seconds = (performance.now() - startedAt) / 1000;
    const tokensPerSecond = tokens / seconds;
    if (!flopsPerToken || !peakFlops) return { seconds, tokensPerSecond };
    return { seconds, tokensPerSecond, mfu: (tokensPerSecond * flopsPerToken(sequenceLength)) / peakFlops };
  }

  #isDue(every: number): boolean {
    return this.#progress.step % every === 0 || this.#progress.step === this.#options.totalSteps;
  }

  /** All processes stop, or save, when one is asked to. */
  #requests(): { stop: boolean; save: boolean } {
    const { processGroup, signal } = this.#options;
    const { stop, save } = processGroup.agree({
      stop: Number(signal?.aborted ?? false),
      save: Number(this.#saveRequested),
    });
    this.#saveRequested = false;
    return { stop: stop > 0, save: save > 0 };
  }

  async #evaluate(): Promise<void> {
    const startedAt = performance.now();
    const progress = this.#progress;
    const { step } = progress;
    const evaluation = await this.#options.evaluate!.run(step);
    progress.evaluatedStep = step;
    const metric = this.#options.checkpoint?.best ?? 'loss';
    const value = evaluation[metric];
    const isBest = Number.isFinite(value) && value < (progress.best?.value ?? Infinity);
    if (isBest) progress.best = { step, value };
    await this.#write({ step, evaluation, timing: { seconds: (performance.now() - startedAt) / 1000 } });
    if (!isBest || !this.#options.checkpoint) return;
    if (this.#options.processGroup.rank === 0) await this.#checkpoints.markBest(step);
    await this.#tell({ type: 'best', step, metric, value });
  }

  // Stages

  /** Before the first step of a stage. */
  async #enterStage(): Promise<void> {
    const { stages, optimizers } = this.#options;
    const stage = stageOf(stages, this.#progress.step + 1);
    if (stage?.start !== this.#progress.step) return;
    if (stage.resetOptimizer) for (const optimizer of optimizers) resetOptimizer(optimizer);
    if (stage.start > 0) this.#guard.startStage(this.#progress.step);
    await stage.enter?.();
    await this.#tell({
      type: 'stage',
      step: this.#progress.step,
      name: stage.name,
      steps: stage.steps,
      optimizer: stage.resetOptimizer ? 'reset' : 'kept',
    });
  }

  // Start and resume

  async #start(): Promise<void> {
    const { model, optimizers, checkpoint, sinks } = this.#options;
    this.#checkpoints = await Checkpointer.open({ model, optimizers, ...(checkpoint && { checkpoint }) });
    const damaged: Error[] = [];
    const saved = await this.#checkpoints.newest((error) => damaged.push(error));
    for (const sink of sinks) await sink.open?.(saved?.state.sinks[sink.name]);
    for (const { message } of damaged)
      await this.#tell({ type: 'checkpoint-damaged', step: saved?.state.step ?? 0, message });
    if (saved) await this.#resume(saved);
    else {
      await this.#tell({ type: 'start', step: 0, settings: this.#settings() });
      if (this.#options.guards?.rollback) await this.#save();
    }
  }

  async #resume(saved: StoredCheckpoint): Promise<void> {
    try {
      const changed = this.#changedSettings(saved.state);
      await this.#restore(saved, { clip: !changed.includes('gradientClip') });
      for (const setting of changed) await this.#tellChange(saved.state, setting);
    } finally {
      disposeCheckpoint(saved);
    }
    await this.#tell({ type: 'resume', step: this.#progress.step });
    await this.#evaluateAgain();
  }

  /** A checkpoint is written before the evaluation of its step. */
  async #evaluateAgain(): Promise<void> {
    const { evaluate } = this.#options;
    const { step, evaluatedStep } = this.#progress;
    if (evaluate && step > 0 && this.#isDue(evaluate.every) && evaluatedStep !== step) await this.#evaluate();
  }

  /** Puts everything back to a checkpoint; state of another kind of clip means nothing to this one. */
  async #restore(saved: StoredCheckpoint, restored: { clip: boolean }): Promise<void> {
    const { state } = saved;
    const { model, optimizers, loader, clip, stages } = this.#options;
    restoreTensors(saved, model.parameters, optimizers);
    loader.restore(state.loader);
    this.#guard.restore(state.guard as GuardState);
    if (restored.clip) clip.restore(state.clip);
    const { step, tokens, skippedSteps, loss, evaluatedStep, best, rollbacks } = state;
    this.#progress = { step, tokens, skippedSteps, loss, evaluatedStep, best, rollbacks };
    this.#loaderStage = state.loaderStage ?? undefined;
    await stageOf(stages, step)?.enter?.();
  }

  #changedSettings(state: CheckpointState): string[] {
    const settings = this.#settings();
    return Object.keys(settings).filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(state.settings[key]));
  }

  #tellChange({ step, settings }: CheckpointState, setting: string): Promise<void> {
    return this.#tell({
      type: 'settings-changed',
      step,
      setting,
      before: settings[setting],
      now: this.#settings()[setting],
    });
  }

  // Going back

  /** Back to the last good checkpoint, past the data since, with what the recipe allows to change; or the end of the run. */
  async #rollBack(failure: Failure): Promise<void> {
    const { guards, loader, sinks } = this.#options;
    const { step: failedStep, rollbacks } = this.#progress;
    const { maximum = 3, adjust } = guards?.rollback ?? { maximum: 0 };
    if (rollbacks.count >= maximum) await this.#giveUp(failure, maximum);
    const saved = await this.#checkpoints.regularBefore(this.#guard.goodStep);
    try {
      await this.#restore(saved, { clip: true });
      for (const sink of sinks) await sink.close?.();
      for (const sink of sinks) await sink.open?.(saved.state.sinks[sink.name]);
    } finally {
      disposeCheckpoint(saved);
    }
    const { step } = this.#progress;
    loader.skip!(failedStep - step);
    this.#guard.startAgain(step);
    this.#progress.rollbacks = adjusted(rollbacks, adjust, step);
    await this.#tell({ type: 'rollback', step, failedStep, skippedData: failedStep - step, ...described(failure) });
    if (adjust) await this.#tell({ type: 'adjust', step, allowed: adjust, now: this.#progress.rollbacks });
    await this.#save();
    await this.#evaluateAgain();
  }

  /** @throws TrainError `DIVERGED`, always */
  async #giveUp(failure: Failure, maximum: number): Promise<never> {
    const { step, rollbacks } = this.#progress;
    await this.#tell({ type: 'failure', step, ...described(failure) });
    const tried = maximum === 0 ? '' : `, after ${rollbacks.count} rollbacks`;
    const advice = maximum === 0 ? 'allow a rollback (guards.rollback), or ' : '';
    throw new TrainError(
      'DIVERGED',
      `step ${step}: ${failure.meaning}${tried}; ${advice}go back to an earlier checkpoint with a lower learning rate, ` +
        'or look at the data of these steps',
    );
  }

  // Checkpoints

  async #save(): Promise<void> {
    if (this.#options.processGroup.rank !== 0) return;
    const place = await this.#checkpoints.save(() => this.#state(), this.#guard.goodStep);
    if (place !== undefined) await this.#tell({ type: 'checkpoint', step: this.#progress.step, place });
  }

  async #state(): Promise<CheckpointState> {
    const { loader, clip, sinks, config } = this.#options;
    const positions: Record<string, unknown> = {};
    for (const sink of sinks) positions[sink.name] = await sink.position?.();
    return {
      version: 2,
      ...this.#progress,
      loader: loader.state(),
      loaderStage: this.#loaderStage ?? null,
      guard: this.#guard.state(),
      clip: clip.state(),
      sinks: positions,
      settings: this.#settings(),
      config: config ?? null,
    };
  }

  #settings(): Record<string, unknown> {
    const { schedule, optimizerSchedules, stages, clip, optimizers, accumulation = 1, microBatchRows } = this.#options;
    const own = optimizers.map(({ name, settings }) => [`optimizer ${name}`, settings] as const);
    const scheduled = Object.entries(optimizerSchedules).map(([name, schedules]) => {
      const settings = Object.entries(schedules).map(([key, one]) => [key, one.settings] as const);
      return [`schedule ${name}`, Object.fromEntries(settings)] as const;
    });
    return {
      schedule: schedule.settings,
      gradientClip: clip.settings,
      accumulation: microBatchRows === undefined ? accumulation : { microBatchRows },
      ...(stages.length > 0 && {
        stages: stages.map(({ name, steps, schedule: own }) => ({ name, steps, schedule: own?.settings ?? null })),
      }),
      ...Object.fromEntries([...own, ...scheduled]),
    };
  }

  // Records

  async #tellOf({ skip, alarms }: StepOutcome): Promise<void> {
    const { step } = this.#progress;
    if (skip) await this.#tell({ type: 'skip', step, ...skip, value: String(skip.value) });
    for (const alarm of alarms) await this.#tell({ type: 'alarm', step, ...alarm });
  }

  async #write(record: MetricRecord): Promise<void> {
    if (this.#options.processGroup.rank !== 0) return;
    for (const sink of this.#options.sinks) await sink.write(record);
  }

  async #tell(event: TrainEvent): Promise<void> {
    if (this.#options.processGroup.rank !== 0) return;
    for (const sink of this.#options.sinks) await sink.event?.(event);
  }

  #result(stopped: boolean, startedAt: number): TrainResult {
    const { step, loss, tokens, skippedSteps, rollbacks } = this.#progress;
    return {
      step,
      stopped,
      loss,
      tokens,
      skippedSteps,
      rollbacks: rollbacks.count,
      ...(this.#checkpoints.place !== undefined && { checkpoint: this.#checkpoints.place }),
      seconds: (performance.now() - startedAt) / 1000,
    };
  }
}

/** A failure for an event: JSON knows no NaN. */
function described({ value, ...failure }: Failure): Record<string, unknown> {
  return { ...failure, value: String(value) };
}
