/** Signals of a training process, handled. */
export interface TrainSignals {
  /** for the Trainer's `signal`: aborted by SIGTERM or SIGINT */
  signal: AbortSignal;
  /** Stops listening. */
  dispose(): void;
}

/**
 * SIGTERM and SIGINT stop a run after a checkpoint; SIGUSR1 (what Slurm sends ahead of time with `--signal=USR1@120`) asks
 * for a checkpoint and goes on.
 *
 * @param onCheckpoint such as `() => trainer.requestCheckpoint()`
 */
export function listenToSignals(onCheckpoint: () => void): TrainSignals {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGUSR1', onCheckpoint);
  return {
    signal: controller.signal,
    dispose: () => void process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGUSR1', onCheckpoint),
  };
}
