import type { ModelConfig } from './model-config.ts';

/**
 * The `config.json` that Hugging Face's transformers (and what reads its files) needs to load this model.
 *
 * @param config a complete configuration
 * @returns a plain object; `parseConfig` of it gives the configuration back
 */
export function toConfigJson(config: ModelConfig): Record<string, unknown> {
  const { no_rope_layers, ...fields } = config;
  const shared = {
    ...fields,
    hidden_act: 'silu',
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    use_cache: true,
  };
  if (config.model_type === 'llama') return { architectures: ['LlamaForCausalLM'], ...shared };
  return {
    architectures: ['SmolLM3ForCausalLM'],
    ...shared,
    no_rope_layers,
    use_sliding_window: false,
    sliding_window: null,
  };
}
