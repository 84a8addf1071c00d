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

/** Llama 3.1's stretch, in Hugging Face's words: long wavelengths are divided by `factor`, short ones are left alone. */
export interface Llama3Scaling {
  rope_type: 'llama3';
  factor: number;
  low_freq_factor: number;
  high_freq_factor: number;
  original_max_position_embeddings: number;
}

/** What a layer's queries see: everything before them, or the last `sliding_window` positions. */
export type LayerType = 'full_attention' | 'sliding_attention';

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
  rope_scaling: YarnScaling | Llama3Scaling | null;
  /** One number a layer: 1 uses the rotary embedding, 0 does not (the name is the wrong way round, as in the original). */
  no_rope_layers: number[];
  /** Positions a query sees in layers of type `sliding_attention`, its own included; null: no layer slides. */
  sliding_window: number | null;
  /** One a layer. Without a list, the layers without rotary embedding slide when `use_sliding_window` is set, as in SmolLM3. */
  layer_types: LayerType[];
  /** RMSNorm with gains over the head dimension of queries and keys, before the rotation (as in Qwen 3). */
  qk_norm: boolean;
  /** c: attention score s becomes c·tanh(s/c) (Gemma 2: 50); null: off. */
  attn_logit_softcapping: number | null;
  /** The same for the output's logits (Gemma 2: 30). */
  final_logit_softcapping: number | null;
  /** Factor of q·k; null: 1/√head_dim (µP: √base / head_dim). */
  attention_multiplier: number | null;
  /** Multiplies embedded tokens (µP's α_in). */
  embedding_multiplier: number;
  /** Multiplies what a block adds to the residual stream. */
  residual_multiplier: number;
  /** Divides the logits (µP: width over base width). The four names are those of Granite's config.json. */
  logits_scaling: number;
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
