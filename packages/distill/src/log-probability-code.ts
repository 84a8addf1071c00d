/** Bits of a log-probability that is stored for itself. */
export const logBits = 13;

/** The least log-probability that can be told from others, in nats. */
const lowest = -20;
const levels = 2 ** logBits - 1;

/**
 * Quantises ln p in [−20, 0] to 13 bits, finer near 0: ln p = −20·(code / 8191)². The error is at most √(20·|ln p|) / 8191,
 * so 0.1 % of p at p = 1/e.
 */
export function encodeLogProbability(value: number): number {
  return Math.round(Math.sqrt(Math.min(1, Math.max(0, value / lowest))) * levels);
}

/** The inverse of {@link encodeLogProbability}. */
export function decodeLogProbability(code: number): number {
  return code === 0 ? 0 : lowest * (code / levels) ** 2;
}

/**
 * Falling log-probabilities with a known last one, as steps of a few bits. Each step is a multiple of what a power law
 * from the value reached to the last one would take there, so errors do not add up.
 */
export class FallingCode {
  readonly #levels: number;
  readonly #unit: number;
  readonly #last: number;
  readonly #count: number;
  #reached: number;
  #rank: number;

  /**
   * @param bits of a step, at least 2
   * @param first the value of rank `rank` (counted from 1)
   * @param last the value of rank `count`
   */
  constructor(
    bits: number,
    { first, rank, last, count }: { first: number; rank: number; last: number; count: number },
  ) {
    this.#levels = 2 ** bits;
    this.#unit = Math.floor((this.#levels - 1) / 2.5);
    this.#last = last;
    this.#count = count;
    this.#reached = first;
    this.#rank = rank;
  }

  /** The code whose value comes nearest. */
  encode(value: number): number {
    const share = Math.max(0, this.#reached - value) / Math.max(this.#expected(), 1e-12);
    const near = Math.min(this.#levels - 1, Math.round(Math.sqrt(share) * this.#unit));
    const errors = [near, Math.max(0, near - 1), Math.min(this.#levels - 1, near + 1)].map(
      (code) => [Math.abs(this.#valueOf(code) - value), code] as const,
    );
    return errors.reduce((best, one) => (one[0] < best[0] ? one : best))[1];
  }

  /** The value of a code, from which the next step goes on. */
  step(code: number): number {
    this.#reached = this.#valueOf(code);
    this.#rank++;
    return this.#reached;
  }

  #expected(): number {
    const share = Math.log((this.#rank + 1) / this.#rank) / Math.log(this.#count / this.#rank);
    return (this.#reached - this.#last) * share;
  }

  #valueOf(code: number): number {
    return Math.max(this.#last, this.#reached - this.#expected() * (code / this.#unit) ** 2);
  }
}
