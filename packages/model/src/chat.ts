/** Conversations in the model's chat template: thinking or not, with tools. */
import type { ChatMessage, Tokenizer } from '@smol/tokenizer';
import { applyChatTemplate } from '@smol/tokenizer';
import { streamText } from './text-generation.ts';
import type { TextGeneration, TextModel, TextOptions } from './text-generation.ts';

/** A call of a tool, as the model asks for it. */
export interface ToolCall {
  name: string;
  arguments: unknown;
}

/** Options of {@link chat}. */
export interface ChatGenerationOptions extends Omit<TextOptions, 'specialTokens'> {
  /** SmolLM3's `enable_thinking`; `/think` or `/no_think` in the system message overrides it. Default: the template's own. */
  thinking?: boolean;
  /** JSON schemas of tools that the model may call. */
  tools?: readonly object[];
  /** The day the template takes for today. */
  date?: Date;
  /** Hears the reply as it becomes certain. */
  onText?: (text: string) => void;
}

/** What the model said. */
export interface ChatReply extends TextGeneration {
  /** What stood between `<think>` and `</think>`, if anything. */
  thought: string;
  /** The rest, without calls. */
  answer: string;
  /** What stood between `<tool_call>` and `</tool_call>`, parsed. */
  toolCalls: ToolCall[];
}

function parseCall(json: string): ToolCall | undefined {
  try {
    const call = JSON.parse(json) as { name?: unknown; arguments?: unknown } | null;
    return typeof call?.name === 'string' ? { name: call.name, arguments: call.arguments } : undefined;
  } catch {
    // What a model writes need not be JSON; such a call stays in the answer.
    return undefined;
  }
}

/**
 * Takes a reply apart: thought, answer, calls of tools (SmolLM3's format). A call that is not JSON stays in the answer.
 */
export function parseReply(text: string): { thought: string; answer: string; toolCalls: ToolCall[] } {
  const [, thought = '', rest = text] = /^\s*<think>([^]*?)(?:<\/think>([^]*)|$)/.exec(text) ?? [];
  const toolCalls: ToolCall[] = [];
  const visible = thought !== '' && rest === text ? '' : rest;
  const answer = visible.replace(/<tool_call>([^]*?)<\/tool_call>/g, (whole, json: string) => {
    const call = parseCall(json);
    if (call) toolCalls.push(call);
    return call ? '' : whole;
  });
  return { thought: thought.trim(), answer: answer.trim(), toolCalls };
}

/**
 * Renders a conversation in the tokenizer's chat template and lets the model take its turn, which ends with the
 * template's end-of-turn token (the tokenizer's `eosToken`) or a stop token of the configuration.
 *
 * @throws TokenizerError `CHAT_TEMPLATE` when there is no template or it refuses the messages; ModelError as `SmolLM.generate`
 */
export async function chat(
  model: TextModel & { config: { eos_token_id: number | number[] | null } },
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: ChatGenerationOptions,
): Promise<ChatReply> {
  const { thinking, tools, date, onText, ...rest } = options;
  const variables = thinking === undefined ? undefined : { enable_thinking: thinking };
  const prompt = applyChatTemplate(tokenizer, messages, { addGenerationPrompt: true, tools, date, variables });
  const ends = [model.config.eos_token_id ?? [], tokenizer.eosTokenId ?? []].flat();
  const stopIds = [...(rest.stopIds ?? ends)];
  // The template has written what a post-processor would add.
  const codec = {
    encode: (text: string) => tokenizer.encode(text, { allowedSpecial: 'all' }),
    decodeBytes: (ids: ArrayLike<number>) => tokenizer.decodeBytes(ids),
  };
  const pieces = streamText(model, codec, [prompt], { ...rest, stopIds });
  for (;;) {
    const next = await pieces.next();
    if (next.done) return { ...next.value[0], ...parseReply(next.value[0].text) };
    onText?.(next.value.text);
  }
}
