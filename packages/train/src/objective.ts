import { linearCrossEntropy } from '@smol/ops';
import * as tf from '@tensorflow/tfjs-core';
import { NEXT_TOKEN, type BatchTensors, type LossOptions, type StepPlace, type TrainableModel } from './model.ts';
import { TrainError } from './train-error.ts';

// B batch, T time, D model width, V vocabulary, H query heads.

/** A model whose hidden states objectives see. `SmolLM` of @smol/model is one. */
export interface Trunk {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  /** [V, D] */
  readonly headWeight: tf.Variable;
  /** Losses take head · hidden for the logits: a model that caps them is refused. */
  readonly config?: { readonly final_logit_softcapping?: number | null };
  /**
   * The residual stream after the final norm, [B, T, D].
   *
   * @param options.onLayer a model with layers shows the residual stream after each, [B·T, D], counted from 0
   */
  hidden(
    ids_BT: tf.Tensor2D,
    options: {
      segmentIds_BT?: tf.Tensor2D;
      maxLogits?: tf.Tensor1D[];
      checkpointing?: boolean | readonly number[];
      onLayer?: (layer: number, hidden_ND: tf.Tensor2D) => void;
    },
  ): tf.Tensor3D;
}

/** One forward pass of the trunk, as every objective of a step sees it. */
export interface ForwardPass {
  readonly batch: BatchTensors;
  /** [B, T, D] after the final norm */
  readonly hidden_BTD: tf.Tensor3D;
  /** [V, D] */
  readonly headWeight_VD: tf.Variable;
  /** the residual stream after the layers that the objective asked for, [B·T, D], counted from 0 */
  readonly layers: ReadonlyMap<number, tf.Tensor2D>;
  readonly place: StepPlace;
  /** what the objective's own `prepare` gave for this batch */
  readonly prepared: tf.TensorContainer;
  /** tells the metrics a part of the loss; the same names in the same order for every batch */
  report(name: string, loss: tf.Scalar): void;
}

/**
 * Something to learn from a forward pass: the next token, tokens further ahead, a teacher. A run's loss is the sum of its
 * objectives', each with its weight already in it. What an objective does at a step depends on the batch and on its place
 * alone, so that a run that resumes, or goes back, needs no state of it but the parameters.
 */
export interface Objective {
  /** no two of a run are the same; in errors */
  readonly name: string;
  /** trained with the trunk's, and kept in checkpoints with them: heads, projections; names unlike the trunk's */
  readonly parameters?: ReadonlyMap<string, tf.Variable>;
  /** layers of the trunk whose output it needs, counted from 0 */
  readonly layers?: readonly number[];
  /** As that of a {@link TrainableModel}. */
  prepare?(batch: BatchTensors, place: StepPlace): tf.TensorContainer | Promise<tf.TensorContainer>;
  /** A scalar in nats that depends on all of its parameters, also where its weight is 0. */
  loss(pass: ForwardPass): tf.Scalar;
}

/** Options of {@link withObjectives}. */
export interface ObjectivesOptions {
  /** the trunk recomputes its activations in the backward pass, in all layers or in these */
  checkpointing?: boolean | readonly number[];
}

/**
 * The plain objective: mean cross-entropy of the next token, reported as `nextToken`.
 *
 * @param options.zLoss weight of the squared log-normaliser
 */
export function nextToken({ zLoss = 0 }: { zLoss?: number } = {}): Objective {
  return {
    name: 'next token',
    loss({ batch, hidden_BTD, headWeight_VD, report }) {
      const hidden_ND: tf.Tensor2D = tf.reshape(hidden_BTD, [-1, hidden_BTD.shape[2]]);
      const targets_N: tf.Tensor1D = tf.reshape(batch.targets_BT, [-1]);
      const loss = linearCrossEntropy(hidden_ND, headWeight_VD, targets_N, { zLoss });
      report(NEXT_TOKEN, loss);
      return loss;
    },
  };
}

/**
 * A trunk and what it learns, as one model for a Trainer: one forward pass, the sum of the objectives' losses, the
 * parameters of all. The trunk alone is what is kept afterwards.
 *
 * @throws TrainError `BAD_OPTION` when there is no objective, when names meet, or when the trunk caps its logits
 */
export function withObjectives(
  trunk: Trunk,
  objectives: readonly Objective[],
  { checkpointing }: ObjectivesOptions = {},
): TrainableModel {
  checkHead(trunk);
  const parameters = joinParameters(trunk, objectives);
  const wanted = new Set(objectives.flatMap(({ layers = [] }) => layers));
  const forward = ({ inputs_BT, segmentIds_BT }: BatchTensors, { maxLogits }: LossOptions) => {
    const layers = new Map<number, tf.Tensor2D>();
    const onLayer = (layer: number, hidden_ND: tf.Tensor2D) => void (wanted.has(layer) && layers.set(layer, hidden_ND));
    const hidden_BTD = trunk.hidden(inputs_BT, {
      segmentIds_BT,
      ...(maxLogits && { maxLogits }),
      ...(checkpointing !== undefined && { checkpointing }),
      ...(wanted.size > 0 && { onLayer }),
    });
    checkLayers(objectives, layers);
    return { hidden_BTD, layers };
  };
  return {
    parameters,
    async prepare(batch, place) {
      const prepared: Record<string, tf.TensorContainer> = {};
      for (const objective of objectives) {
        const own = await objective.prepare?.(batch, place);
        if (own !== undefined) prepared[objective.name] = own;
      }
      return prepared;
    },
    loss: (batch, options) =>
      tf.tidy(() => {
        const { place = { step: 1, totalSteps: 1 }, onLoss = () => {} } = options;
        const prepared = (options.prepared ?? {}) as Record<string, tf.TensorContainer>;
        const pass = { batch, ...forward(batch, options), headWeight_VD: trunk.headWeight, place, report: onLoss };
        const losses = objectives.map((objective) => objective.loss({ ...pass, prepared: prepared[objective.name] }));
        return losses.reduce((sum, loss) => tf.add(sum, loss));
      }),
  };
}

function checkHead({ config }: Trunk): void {
  const cap = config?.final_logit_softcapping ?? null;
  if (cap === null) return;
  throw new TrainError(
    'BAD_OPTION',
    `the model caps its logits at ${cap} (final_logit_softcapping), and objectives cannot; train it on its own loss`,
  );
}

function joinParameters(trunk: Trunk, objectives: readonly Objective[]): ReadonlyMap<string, tf.Variable> {
  if (objectives.length === 0) throw new TrainError('BAD_OPTION', 'a run needs an objective, such as nextToken()');
  const names = objectives.map(({ name }) => name);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) throw new TrainError('BAD_OPTION', `two objectives are called ${repeated}`);
  const joined = new Map(trunk.parameters);
  for (const { name: objective, parameters = new Map<string, tf.Variable>() } of objectives) {
    for (const [name, parameter] of parameters) {
      if (joined.has(name))
        throw new TrainError(
          'BAD_OPTION',
          `objective "${objective}" has a parameter "${name}", which there is already`,
        );
      joined.set(name, parameter);
    }
  }
  return joined;
}

function checkLayers(objectives: readonly Objective[], seen: ReadonlyMap<number, tf.Tensor2D>): void {
  for (const { name, layers = [] } of objectives) {
    const missing = layers.find((layer) => !seen.has(layer));
    if (missing !== undefined)
      throw new TrainError('BAD_OPTION', `objective "${name}" needs layer ${missing}, which the model does not show`);
  }
}
