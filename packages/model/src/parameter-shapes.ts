import type { ModelConfig } from './model-config.ts';

/** Name of the embedding table, which is also the output head when they are tied. */
export const EMBEDDING = 'model.embed_tokens.weight';

/** Name of the gain of the last normalisation. */
export const FINAL_NORM = 'model.norm.weight';

/** Name of the output head of its own. */
export const HEAD = 'lm_head.weight';

/** Start of the names of one layer's tensors. */
export function layerPrefix(layer: number): string {
  return `model.layers.${layer}.`;
}

const QK_NORMS = ['self_attn.q_norm.weight', 'self_attn.k_norm.weight'];

function layerShapes(config: ModelConfig): [string, number[]][] {
  const width = config.hidden_size;
  const queryWidth = config.num_attention_heads * config.head_dim;
  const keyWidth = config.num_key_value_heads * config.head_dim;
  return [
    ['input_layernorm.weight', [width]],
    ['self_attn.q_proj.weight', [queryWidth, width]],
    ['self_attn.k_proj.weight', [keyWidth, width]],
    ['self_attn.v_proj.weight', [keyWidth, width]],
    ...(config.qk_norm ? QK_NORMS.map((name): [string, number[]] => [name, [config.head_dim]]) : []),
    ['self_attn.o_proj.weight', [width, queryWidth]],
    ['post_attention_layernorm.weight', [width]],
    ['mlp.gate_proj.weight', [config.intermediate_size, width]],
    ['mlp.up_proj.weight', [config.intermediate_size, width]],
    ['mlp.down_proj.weight', [width, config.intermediate_size]],
  ];
}

/**
 * Names and shapes of all parameters, as Hugging Face names them; matrices are `[out, in]`.
 *
 * @returns in the order of the forward pass; `lm_head.weight` only when it is not tied
 */
export function parameterShapes(config: ModelConfig): Map<string, number[]> {
  const shapes = new Map<string, number[]>([[EMBEDDING, [config.vocab_size, config.hidden_size]]]);
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    for (const [name, shape] of layerShapes(config)) shapes.set(layerPrefix(layer) + name, shape);
  }
  shapes.set(FINAL_NORM, [config.hidden_size]);
  if (!config.tie_word_embeddings) shapes.set(HEAD, [config.vocab_size, config.hidden_size]);
  return shapes;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
