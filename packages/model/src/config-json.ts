import type { ModelConfig } from './model-config.ts';

/** What transformers' two families have no field for, with the values that change nothing. */
const NEUTRAL: Readonly<Record<string, unknown>> = {
  qk_norm: false,
  attn_logit_softcapping: null,
  final_logit_softcapping: null,
  attention_multiplier: null,
  embedding_multiplier: 1,
  residual_multiplier: 1,
  logits_scaling: 1,
};

function withoutNeutral(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([name, value]) => !(name in NEUTRAL) || value !== NEUTRAL[name]),
  );
}

/**
 * The `config.json` that Hugging Face's transformers (and what reads its files) needs to load this model. Fields that
 * its classes for llama and smollm3 do not know (QK-norm, soft caps, multipliers) are there only where they are used.
 *
 * @param config a complete configuration
 * @returns a plain object; `parseConfig` of it gives the configuration back
 */
export function toConfigJson(config: ModelConfig): Record<string, unknown> {
  const { no_rope_layers, sliding_window, layer_types, ...rest } = config;
  const fields = withoutNeutral(rest);
  const slides = layer_types.includes('sliding_attention');
  const attention = slides ? { sliding_window, layer_types } : { sliding_window: null };
  const shared = {
    ...fields,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    use_cache: true,
  };
  if (config.model_type === 'llama')
    return { architectures: ['LlamaForCausalLM'], ...shared, ...(slides && attention) };
  return {
    architectures: ['SmolLM3ForCausalLM'],
    ...shared,
    no_rope_layers,
    use_sliding_window: slides,
    ...attention,
  };
}
