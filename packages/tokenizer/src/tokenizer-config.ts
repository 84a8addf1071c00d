import type { JsonObject } from './json.ts';
import { isObject } from './json.ts';

/** The parts of `tokenizer_config.json` that are of use: which special token plays which role, and the chat template. */
export interface TokenizerConfig {
  /** Begins a sequence. */
  bosToken?: string;
  /** Ends a document, or an answer. */
  eosToken?: string;
  padToken?: string;
  unkToken?: string;
  /** Jinja source. */
  chatTemplate?: string;
  /** Longest sequence in tokens the model was made for. */
  modelMaxLength?: number;
}

const ROLES = [
  ['bosToken', 'bos_token'],
  ['eosToken', 'eos_token'],
  ['padToken', 'pad_token'],
  ['unkToken', 'unk_token'],
] as const;

/** A token is written as its content, or as an object that holds it. */
function tokenContent(value: unknown): string | undefined {
  const content = isObject(value) ? value.content : value;
  return typeof content === 'string' ? content : undefined;
}

/** A template is written as its source, or as one of several named ones. */
function defaultTemplate(value: unknown): string | undefined {
  if (!Array.isArray(value)) return typeof value === 'string' ? value : undefined;
  const named = value.find((entry) => isObject(entry) && entry.name === 'default') as JsonObject | undefined;
  return typeof named?.template === 'string' ? named.template : undefined;
}

/** Reads `tokenizer_config.json`; fields of no use here are passed over. */
export function parseTokenizerConfig(json: JsonObject): TokenizerConfig {
  const config: TokenizerConfig = {};
  for (const [role, field] of ROLES) {
    const content = tokenContent(json[field]);
    if (content !== undefined) config[role] = content;
  }
  const template = defaultTemplate(json.chat_template);
  if (template !== undefined) config.chatTemplate = template;
  const longest = json.model_max_length;
  // transformers writes 1e30 for "no limit".
  if (typeof longest === 'number' && longest < 1e15) config.modelMaxLength = longest;
  return config;
}

/** The contents of `special_tokens_map.json`. */
export function specialTokensMap(config: TokenizerConfig): JsonObject {
  const entries = ROLES.map(([role, field]) => [field, config[role]] as const);
  return Object.fromEntries(entries.filter(([, content]) => content !== undefined));
}
