import { checkCount, checkRange } from './train-error.ts';

/** Options of {@link Alarms}. */
export interface AlarmOptions {
  /** attention logit above which there is an alarm; default 100 (above 1000 runs diverge); `Infinity` turns it off */
  maxLogit?: number;
  /** after so many steps the loss must be below `loss`, such as the entropy of single tokens; default: not looked at */
  notLearning?: { steps: number; loss: number };
}

/** Something a person should look at; training goes on. */
export interface Alarm {
  quantity: 'maxLogit' | 'loss';
  value: number;
  threshold: number;
  /** what it means, in a sentence */
  meaning: string;
}

/** Plain JSON: which alarms are on. */
export interface AlarmState {
  maxLogit: boolean;
  notLearning: boolean;
}

/** Alarms on attention logits and on runs that do not learn. Each tells once, and again only after it was over. */
export class Alarms {
  readonly #options: AlarmOptions & { maxLogit: number };
  #state: AlarmState = { maxLogit: false, notLearning: false };

  /** @throws TrainError `BAD_OPTION` */
  constructor(options: AlarmOptions = {}) {
    this.#options = { ...options, maxLogit: options.maxLogit ?? 100 };
    checkRange('guards.alarms.maxLogit', this.#options.maxLogit, 0);
    if (options.notLearning) checkCount('guards.alarms.notLearning.steps', options.notLearning.steps);
  }

  /** Alarms that have just gone on. */
  check(step: number, { loss, maxLogit }: { loss: number; maxLogit?: number }): Alarm[] {
    const alarms: Alarm[] = [];
    const { maxLogit: limit, notLearning } = this.#options;
    const isLarge = maxLogit !== undefined && maxLogit > limit;
    if (isLarge && !this.#state.maxLogit) {
      const meaning = 'attention is about to saturate; QK-Clip (MuonClip), QK-norm or a lower learning rate help';
      alarms.push({ quantity: 'maxLogit', value: maxLogit, threshold: limit, meaning });
    }
    this.#state.maxLogit = isLarge;
    const isLate = notLearning !== undefined && step >= notLearning.steps && loss > notLearning.loss;
    if (isLate && !this.#state.notLearning) {
      const meaning = 'the model has not learned what it should have by now; look at learning rate and data';
      alarms.push({ quantity: 'loss', value: loss, threshold: notLearning.loss, meaning });
    }
    this.#state.notLearning = isLate;
    return alarms;
  }

  state(): AlarmState {
    return { ...this.#state };
  }

  restore(state: AlarmState): void {
    this.#state = { ...state };
  }
}
