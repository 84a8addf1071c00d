import { parseConfig, type ModelConfig } from '@smol/model';
import type { Recipe } from './recipe-schema.ts';

/** The Hugging Face config of a recipe's model before its first stage, with tied embeddings. */
export function modelConfig(
  { model, train }: Recipe,
  vocabularySize: number,
  endOfText: number,
  padding: number,
): ModelConfig {
  const isLlama = model.family === 'llama';
  const everyLayer = Array.from({ length: model.layers }, (_, layer) => layer + 1);
  return parseConfig({
    architectures: [isLlama ? 'LlamaForCausalLM' : 'SmolLM3ForCausalLM'],
    model_type: model.family,
    vocab_size: vocabularySize,
    hidden_size: model.hiddenSize,
    intermediate_size: model.intermediateSize,
    num_hidden_layers: model.layers,
    num_attention_heads: model.attentionHeads,
    num_key_value_heads: model.keyValueHeads,
    head_dim: model.hiddenSize / model.attentionHeads,
    max_position_embeddings: longestSequence(train),
    rope_theta: model.ropeTheta,
    ...(!isLlama && {
      no_rope_layer_interval: model.ropeEvery,
      // 1 = rotary embedding, 0 = none: every n-th layer goes without.
      no_rope_layers: everyLayer.map((layer) => Number(layer % model.ropeEvery !== 0)),
    }),
    rms_norm_eps: model.normEpsilon,
    initializer_range: model.initializerRange,
    tie_word_embeddings: true,
    bos_token_id: endOfText,
    eos_token_id: endOfText,
    pad_token_id: padding,
  });
}

/** The base of the rotary embedding in each stage: one that says none keeps that of the stage before. */
export function stageRopeThetas({ model, train }: Pick<Recipe, 'model' | 'train'>): number[] {
  let theta = model.ropeTheta;
  return train.stages.map(({ ropeTheta }) => (theta = ropeTheta ?? theta));
}

/** What decides fresh weights and the order of rows; the corpus is that of `seed`. */
export function trainSeed({ seed, train }: Pick<Recipe, 'seed' | 'train'>): number {
  return train.seed ?? seed;
}

/** The longest rows of any stage. */
export function longestSequence({ sequenceLength, stages }: Recipe['train']): number {
  return Math.max(...stages.map((stage) => stage.sequenceLength ?? sequenceLength));
}
