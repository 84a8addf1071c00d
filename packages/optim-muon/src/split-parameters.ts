import type * as tf from '@tensorflow/tfjs-core';
import type { Parameters } from './optimizer.ts';

/** Names of tables indexed by token: rows are not mixed with one another, so orthogonalising them makes no sense. */
const tokenTable = /(^|\.)(embed_tokens|tok_embeddings|wte|embedding|lm_head)(\.|$)/;

/** Whether a name is that of a token embedding or an output head, by Hugging Face's and GPT-2's naming. */
export function isTokenTable(name: string): boolean {
  return tokenTable.test(name);
}

/**
 * The usual rule for weight decay: matrices are decayed, gains, biases and token tables are not
 * (SmolLM3 excludes the embedding; the GPT lineage excludes 1-D parameters).
 */
export function isDecayed(name: string, parameter: tf.Tensor): boolean {
  return parameter.rank >= 2 && !isTokenTable(name);
}

/** Rules of {@link splitParameters}. */
export interface SplitRules {
  /** names that AdamW trains besides token tables and what is not 2-D, such as `/router/` */
  adamw?: readonly RegExp[];
}

/**
 * Splits a model's parameters between the two optimizers of a Muon run: hidden 2-D weights go to Muon; embeddings,
 * output head, gains and biases go to AdamW (KellerJordan/Muon).
 */
export function splitParameters(
  parameters: Parameters,
  rules: SplitRules = {},
): {
  muon: Map<string, tf.Variable>;
  adamw: Map<string, tf.Variable>;
} {
  const muon = new Map<string, tf.Variable>();
  const adamw = new Map<string, tf.Variable>();
  for (const [name, parameter] of parameters) {
    const isExcluded = isTokenTable(name) || rules.adamw?.some((pattern) => pattern.test(name));
    const orthogonalized = parameter.rank === 2 && !isExcluded;
    (orthogonalized ? muon : adamw).set(name, parameter);
  }
  return { muon, adamw };
}
