/** YaRN in Hugging Face's words: stretches the context beyond `original_max_position_embeddings` by `factor`. */
export interface YarnScaling {
  rope_type: 'yarn';
  factor: number;
  original_max_position_embeddings: number;
  beta_fast: number;
  beta_slow: number;
  /** Scale of cos and sin; null: 0.1·ln(factor) + 1. */
  attention_factor: number | null;
}

/**
 * A model's shape, in the field names of Hugging Face's `config.json`, with every default filled in (by `parseConfig`).
 */
export interface ModelConfig {
  /** `smollm3` may have layers without position embedding; `llama` (SmolLM2 and many others) may not. */
  model_type: 'smollm3' | 'llama';
  vocab_size: number;
  /** Width of the residual stream. */
  hidden_size: number;
  /** Width inside the feed-forward layer. */
  intermediate_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  /** Heads of keys and values; several query heads share one. */
  num_key_value_heads: number;
  head_dim: number;
  /** Longest sequence the model was made for; not enforced. */
  max_position_embeddings: number;
  /** Base of the rotary wavelengths. */
  rope_theta: number;
  rope_scaling: YarnScaling | null;
  /** One number a layer: 1 uses the rotary embedding, 0 does not (the name is the wrong way round, as in the original). */
  no_rope_layers: number[];
  rms_norm_eps: number;
  /** Standard deviation of fresh weights. */
  initializer_range: number;
  /** The output head is the embedding table. */
  tie_word_embeddings: boolean;
  bos_token_id: number | null;
  /** Ends generation; several ids are allowed. */
  eos_token_id: number | number[] | null;
  pad_token_id: number | null;
}
