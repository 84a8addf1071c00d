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

/**
 * Splits a model's parameters between the two optimizers of a Muon run: hidden 2-D weights go to Muon; embeddings,
 * output head, gains and biases go to AdamW (KellerJordan/Muon).
 */
export function splitParameters(parameters: Parameters): {
  muon: Map<string, tf.Variable>;
  adamw: Map<string, tf.Variable>;
} {
  const muon = new Map<string, tf.Variable>();
  const adamw = new Map<string, tf.Variable>();
  for (const [name, parameter] of parameters) {
    const orthogonalized = parameter.rank === 2 && !isTokenTable(name);
    (orthogonalized ? muon : adamw).set(name, parameter);
  }
  return { muon, adamw };
}
