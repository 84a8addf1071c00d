import type * as tf from '@tensorflow/tfjs-core';
import { Muon, type MuonOptions } from './muon.ts';
import type { Parameters } from './optimizer.ts';
import { OptimizerError } from './optimizer-error.ts';
import { qkClip, type AttentionProjections, type QkClipOptions, type QkClipReport } from './qk-clip.ts';

/** Options of {@link MuonClip}: Muon's and QK-Clip's. */
export interface MuonClipOptions extends MuonOptions, QkClipOptions {}

const queryName = /^(.*\blayers\.(\d+)\..*)\bq_proj\.weight$/;

/** The q_proj / k_proj pairs among the parameters, by layer number (Hugging Face names). */
function attentionLayers(parameters: Parameters): AttentionProjections[] {
  const layers: AttentionProjections[] = [];
  for (const [name, query_HKxD] of parameters) {
    const match = queryName.exec(name);
    if (!match) continue;
    const keyName = `${match[1]}k_proj.weight`;
    const key_GKxD = parameters.get(keyName);
    if (!key_GKxD) throw new OptimizerError('BAD_PARAMETER', `${name} has no partner ${keyName} among the parameters`);
    layers[Number(match[2])] = { query_HKxD, key_GKxD };
  }
  const gap = Array.from(layers).indexOf(undefined as never);
  if (gap < 0) return layers;
  throw new OptimizerError(
    'BAD_PARAMETER',
    `the parameters have attention layers up to ${layers.length - 1} but none for layer ${gap}`,
  );
}

/**
 * MuonClip (Kimi K2): Muon, and after the step {@link qkClip} on every attention layer. Call `step`, then `qkClip` with
 * the largest logits that the forward pass of the same step saw.
 *
 * @throws OptimizerError as {@link Muon}, and `BAD_PARAMETER` when there is no q_proj / k_proj pair
 */
export class MuonClip extends Muon {
  readonly #layers: readonly AttentionProjections[];
  readonly #clip: QkClipOptions;

  constructor(
    parameters: ReadonlyMap<string, tf.Variable>,
    { headDimension, threshold = 100, ...options }: MuonClipOptions,
  ) {
    super(parameters, options);
    this.#layers = attentionLayers(parameters);
    this.#clip = { headDimension, threshold };
    if (this.#layers.length === 0) {
      throw new OptimizerError(
        'BAD_PARAMETER',
        'MuonClip found no parameter named like "model.layers.0.self_attn.q_proj.weight"',
      );
    }
  }

  /**
   * @param maxLogitsByLayer one array [H] per layer, the largest attention logit of every query head in this step
   * @returns heads clipped in all layers and the smallest factor used
   */
  qkClip(maxLogitsByLayer: readonly ArrayLike<number>[]): QkClipReport {
    if (maxLogitsByLayer.length !== this.#layers.length) {
      throw new OptimizerError(
        'BAD_OPTION',
        `maxLogitsByLayer must have ${this.#layers.length} entries, one a layer, got ${maxLogitsByLayer.length}`,
      );
    }
    const reports = this.#layers.map((layer, index) => qkClip(layer, maxLogitsByLayer[index], this.#clip));
    return {
      clippedHeads: reports.reduce((count, report) => count + report.clippedHeads, 0),
      smallestFactor: Math.min(...reports.map((report) => report.smallestFactor)),
      clippedByLayer: reports.map((report) => report.clippedHeads),
    };
  }
}
