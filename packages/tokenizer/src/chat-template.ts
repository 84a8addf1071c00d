import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { TokenizerError } from './tokenizer-error.ts';
import type { Tokenizer } from './tokenizer.ts';

/** One turn of a conversation. */
export interface ChatMessage {
  /** `system`, `user`, `assistant` or `tool`. */
  role: string;
  content: string;
  /** Further fields that the template knows, such as `tool_calls`. */
  [field: string]: unknown;
}

/** How to render a conversation. */
export interface ChatOptions {
  /** Jinja source; default: the tokenizer's own. */
  chatTemplate?: string;
  /** End with what opens the model's turn. Default false. */
  addGenerationPrompt?: boolean;
  /** JSON schemas of tools that the model may call. */
  tools?: readonly object[];
  /** The day that templates take for today. Default 1 January 1970, so that the same input gives the same text. */
  date?: Date;
  /** More variables of the template, such as `enable_thinking`. */
  variables?: Readonly<Record<string, unknown>>;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** The directives of Python's `strftime` that templates use. */
function formatDate(date: Date, format: string): string {
  const twoDigits = (value: number): string => String(value).padStart(2, '0');
  const month = MONTHS[date.getUTCMonth()];
  const values: Readonly<Record<string, string>> = {
    d: twoDigits(date.getUTCDate()),
    m: twoDigits(date.getUTCMonth() + 1),
    Y: String(date.getUTCFullYear()),
    B: month,
    b: month.slice(0, 3),
    '%': '%',
  };
  return format.replace(/%(.)/g, (directive, letter: string) => values[letter] ?? directive);
}

/** Jinja's `range(stop)` and `range(start, stop, step)`. */
function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  return Array.from({ length: Math.max(0, Math.ceil((stop - start) / step)) }, (_, index) => start + index * step);
}

/** What every template may use. The library's own globals read the clock, so that these replace them. */
function globals(date: Date): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    range,
    strftime_now: (format: string) => formatDate(date, format),
    raise_exception: (message: string) => {
      throw new Error(message);
    },
  };
}

/**
 * Renders a conversation as text, as `apply_chat_template` of transformers does. Encode the result with
 * `allowedSpecial: 'all'`.
 *
 * @throws TokenizerError `CHAT_TEMPLATE` when there is no template, or it fails or refuses the messages
 */
export function applyChatTemplate(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): string {
  const { chatTemplate = tokenizer.config.chatTemplate, addGenerationPrompt = false, tools, variables } = options;
  if (chatTemplate === undefined) {
    throw new TokenizerError('CHAT_TEMPLATE', 'the tokenizer has no chat template; pass chatTemplate');
  }
  const { bosToken = '', eosToken = '', padToken = '' } = tokenizer.config;
  return render(chatTemplate, {
    ...globals(options.date ?? new Date(0)),
    messages,
    add_generation_prompt: addGenerationPrompt,
    bos_token: bosToken,
    eos_token: eosToken,
    pad_token: padToken,
    ...(tools && { tools }),
    ...variables,
  });
}

function render(source: string, context: Record<string, unknown>): string {
  try {
    const environment = new Environment();
    for (const [name, value] of Object.entries(context)) environment.set(name, value);
    return String(new Interpreter(environment).run(new Template(source).parsed).value);
  } catch (cause) {
    throw new TokenizerError('CHAT_TEMPLATE', `the chat template failed: ${(cause as Error).message}`, { cause });
  }
}

/** A conversation in tokens. */
export interface EncodedChat {
  text: string;
  ids: Uint32Array;
  /** Per token: 1 when the assistant says it (inside `{% generation %}`), else 0. What a loss is taken of. */
  assistantMask: Uint8Array;
}

/** Noncharacters of Unicode, which no text should hold, mark where the assistant's words begin and end. */
const BEGIN = '\ufdd0';
const END = '\ufdd1';

/** Makes `{% generation %}` print a mark, and leaves its control of white space as it is. */
function markGenerations(source: string): string {
  const printing = (mark: string, inner: string): string => `%}{{ "${mark}" }}{% ${inner}`;
  return source
    .replace(
      /(\{%[-+]?)\s*generation\s*(-?%\})/g,
      (_, open, close) => `${open} if true ${printing(BEGIN, 'if true ')}${close}`,
    )
    .replace(
      /(\{%[-+]?)\s*endgeneration\s*(-?%\})/g,
      (_, open, close) => `${open} endif ${printing(END, 'endif ')}${close}`,
    );
}

/** Takes the marks out of a text; gives where the stretches between them begin and end. */
function takeMarks(marked: string): { text: string; spans: [number, number][] } {
  const spans: [number, number][] = [];
  let text = '';
  for (const part of marked.split(/([\ufdd0\ufdd1])/)) {
    if (part === BEGIN) spans.push([text.length, Infinity]);
    else if (part === END) spans[spans.length - 1][1] = text.length;
    else text += part;
  }
  return { text, spans };
}

/**
 * Renders a conversation and encodes it, with a mask of the tokens that the assistant says (transformers:
 * `return_assistant_tokens_mask`). A template without `{% generation %}` gives a mask of zeros.
 *
 * @throws TokenizerError `CHAT_TEMPLATE` as `applyChatTemplate`, and when a message holds U+FDD0 or U+FDD1
 */
export function encodeChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  options: ChatOptions = {},
): EncodedChat {
  if (/[\ufdd0\ufdd1]/.test(JSON.stringify([messages, options.tools ?? [], options.variables ?? {}]))) {
    throw new TokenizerError(
      'CHAT_TEMPLATE',
      'a message holds U+FDD0 or U+FDD1, which are no characters; take them out',
    );
  }
  const chatTemplate = options.chatTemplate ?? tokenizer.config.chatTemplate;
  const marked = applyChatTemplate(tokenizer, messages, {
    ...options,
    ...(chatTemplate !== undefined && { chatTemplate: markGenerations(chatTemplate) }),
  });
  const { text, spans } = takeMarks(marked);
  const { ids, starts, ends } = tokenizer.encodeWithOffsets(text, { allowedSpecial: 'all' });
  const assistantMask = new Uint8Array(ids.length);
  let span = 0;
  for (let index = 0; index < ids.length; index++) {
    while (span < spans.length && spans[span][1] <= starts[index]) span++;
    if (span < spans.length && ends[index] > spans[span][0]) assistantMask[index] = 1;
  }
  return { text, ids, assistantMask };
}
