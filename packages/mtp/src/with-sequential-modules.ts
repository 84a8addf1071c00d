import * as tf from '@tensorflow/tfjs-core';
import { MtpError } from './mtp-error.ts';
import type { SequentialModules } from './sequential-modules.ts';
import { checkHead, type ModelWithHeads, type Trunk } from './with-parallel-heads.ts';

/**
 * Puts sequential modules on a model, for training; the model alone is what is kept afterwards.
 *
 * @param embeddingName of the trunk's embedding table, default Hugging Face's
 * @throws MtpError `BAD_OPTION` when the trunk has no such parameter, or caps its logits
 */
export function withSequentialModules(
  trunk: Trunk,
  modules: SequentialModules,
  embeddingName = 'model.embed_tokens.weight',
): ModelWithHeads {
  checkHead(trunk);
  const embedding_VD = trunk.parameters.get(embeddingName);
  if (!embedding_VD)
    throw new MtpError('BAD_OPTION', `the model has no parameter ${embeddingName} to share its embedding`);
  return {
    parameters: new Map([...trunk.parameters, ...modules.parameters]),
    loss({ inputs_BT, targets_BT, segmentIds_BT }, { maxLogits, ...options } = {}) {
      return tf.tidy(() => {
        const hidden_BTD = trunk.hidden(inputs_BT, { segmentIds_BT, maxLogits });
        const shared = { headWeight_VD: trunk.headWeight, embedding_VD };
        return modules.loss({ hidden_BTD, ...shared, inputs_BT, targets_BT, segmentIds_BT }, options);
      });
    },
  };
}
