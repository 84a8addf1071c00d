/** Which fields of `config.json` mean what here; whatever is in none of these lists is refused. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Fields that are read. */
export const READ = words(`
  model_type vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads num_key_value_heads head_dim
  max_position_embeddings rope_theta rope_scaling rope_parameters no_rope_layers no_rope_layer_interval layer_types
  rms_norm_eps initializer_range tie_word_embeddings bos_token_id eos_token_id pad_token_id sliding_window use_sliding_window
  qk_norm attn_logit_softcapping final_logit_softcapping attention_multiplier embedding_multiplier residual_multiplier
  logits_scaling
`);

/** Fields about the file, the software or the training, which leave the function that the model computes alone. */
export const WITHOUT_EFFECT = words(`
  architectures transformers_version torch_dtype dtype _name_or_path name_or_path auto_map model_max_length
  use_cache pretraining_tp max_window_layers is_llama_config transformers.js_config return_dict output_attentions
  output_hidden_states _attn_implementation attn_implementation id2label label2id task_specific_params
`);

/** Fields of `rope_scaling` and `rope_parameters` that are read. */
export const ROPE_FIELDS = words(`
  rope_type type rope_theta factor original_max_position_embeddings beta_fast beta_slow attention_factor
  low_freq_factor high_freq_factor
`);

/** Fields that change what the model computes, with the only values implemented here. */
export const ONLY_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  hidden_act: ['silu', 'swish'],
  attention_bias: [false],
  mlp_bias: [false],
  attention_dropout: [0],
  rope_interleaved: [false],
  is_encoder_decoder: [false],
  quantization_config: [null],
};
