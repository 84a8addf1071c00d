import { MtpError } from './mtp-error.ts';

/** Weights of the heads over a part of training: head 1, the model itself, first. */
export interface HeadWeightStage {
  /** share of training at which the stage ends, in (0, 1] */
  until: number;
  weights: readonly number[];
  /** weights at the end of the stage, reached in a straight line; default `weights` */
  final?: readonly number[];
}

/** What modded-nanogpt's speedrun used: three targets, then two, then one, each fading out in its third of training. */
export const speedrunHeadWeights: readonly HeadWeightStage[] = [
  { until: 1 / 3, weights: [1, 0.5, 0.25], final: [1, 0.5, 0] },
  { until: 2 / 3, weights: [1, 0.5, 0], final: [1, 0, 0] },
  { until: 1, weights: [1, 0, 0] },
];

/** DeepSeek-V3's λ: 0.3 for its first 10 of 14.8 trillion tokens, 0.1 after them. */
export function deepSeekLambda(progress: number): number {
  return progress < 10 / 14.8 ? 0.3 : 0.1;
}

/** Weights of D sequential modules: 1 for the model, λ / D for each module (DeepSeek-V3, arXiv 2412.19437). */
export function sequentialHeadWeights(lambda: number, depth: number): number[] {
  return [1, ...Array.from({ length: depth }, () => lambda / depth)];
}

/** Throws `BAD_OPTION` unless there is a weight ≥ 0 for each head. */
export function checkHeadWeights(weights: readonly number[] | undefined, heads: number): void {
  if (
    weights === undefined ||
    (weights.length === heads && weights.every((weight) => weight >= 0 && weight < Infinity))
  )
    return;
  throw new MtpError('BAD_OPTION', `headWeights must be ${heads} numbers ≥ 0, one a head, got [${weights.join(', ')}]`);
}

/**
 * The heads' weights at some point of training.
 *
 * @param progress share of training that is done, in [0, 1]
 * @throws MtpError `BAD_OPTION` when the stages do not rise to 1 or differ in length
 */
export function stagedHeadWeights(stages: readonly HeadWeightStage[], progress: number): number[] {
  const rises = stages.every(({ until }, index) => until > (stages[index - 1]?.until ?? 0));
  if (!rises || stages.at(-1)?.until !== 1)
    throw new MtpError(
      'BAD_OPTION',
      `the stages must rise to until: 1, got ${stages.map(({ until }) => until).join(', ')}`,
    );
  const index = Math.max(
    0,
    stages.findIndex(({ until }) => progress <= until),
  );
  const { until, weights, final = weights } = stages[index];
  checkHeadWeights(weights, stages[0].weights.length);
  checkHeadWeights(final, weights.length);
  const start = stages[index - 1]?.until ?? 0;
  const share = Math.min(1, Math.max(0, (progress - start) / (until - start)));
  return weights.map((weight, head) => weight + share * (final[head] - weight));
}
