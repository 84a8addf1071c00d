import { parseConfig, type ModelConfig } from '@smol/model';
import type { Recipe } from './recipe-schema.ts';

/** The Hugging Face config of a recipe's model: a SmolLM3 with tied embeddings. */
export function modelConfig(
  { model, train }: Recipe,
  vocabularySize: number,
  endOfText: number,
  padding: number,
): ModelConfig {
  const everyLayer = Array.from({ length: model.layers }, (_, layer) => layer + 1);
  return parseConfig({
    architectures: ['SmolLM3ForCausalLM'],
    model_type: 'smollm3',
    vocab_size: vocabularySize,
    hidden_size: model.hiddenSize,
    intermediate_size: model.intermediateSize,
    num_hidden_layers: model.layers,
    num_attention_heads: model.attentionHeads,
    num_key_value_heads: model.keyValueHeads,
    head_dim: model.hiddenSize / model.attentionHeads,
    max_position_embeddings: train.sequenceLength,
    rope_theta: model.ropeTheta,
    no_rope_layer_interval: model.ropeEvery,
    // 1 = rotary embedding, 0 = none: every n-th layer goes without.
    no_rope_layers: everyLayer.map((layer) => Number(layer % model.ropeEvery !== 0)),
    rms_norm_eps: 1e-6,
    initializer_range: 0.02,
    tie_word_embeddings: true,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    pad_token_id: padding,
  });
}
