const NAME = 'You are a helpful AI assistant named SmolLM, trained by Hugging Face.';

/** SmolLM3's instructions for a model that thinks before it answers, where the system message has none. */
const THINKING = [
  NAME,
  'Your role as an assistant involves thoroughly exploring questions through a systematic thinking process before providing the final precise and accurate solutions.',
  'This requires engaging in a comprehensive cycle of analysis, summarizing, exploration, reassessment, reflection, backtracking, and iteration to develop well-considered thinking process.',
  'Please structure your response into two main sections: Thought and Solution using the specified format: <think> Thought section </think> Solution section.',
  'In the Thought section, detail your reasoning process in steps.',
  'Each step should include detailed considerations such as analysing questions, summarizing relevant findings, brainstorming new ideas, verifying the accuracy of the current steps, refining any errors, and revisiting previous steps.',
  'In the Solution section, based on various attempts, explorations, and reflections from the Thought section, systematically present the final solution that you deem correct.',
  'The Solution section should be logical, accurate, and concise and detail necessary steps needed to reach the conclusion.',
].join(' ');

const TOOLS = String.raw`{{ '### Tools\n\n### XML Tools\n\nYou may call one or more functions to assist with the user query.\nYou are provided with function signatures within <tools></tools> XML tags:\n\n<tools>\n' }}
{%- for tool in tools %}{{ tool | tojson ~ '\n' }}{% endfor %}
{{- '</tools>\n\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call>\n\n' }}`;

/**
 * A chat template that behaves as SmolLM3's: a system turn with metadata, `/think` and `/no_think` in the system message
 * (which win over the variable `enable_thinking`, by default true), `/system_override`, tools as JSON lines, tool results
 * as user turns, and `{% generation %}` around what the assistant says. Unlike SmolLM3's own, it ends the system turn with
 * `<|im_end|>` where there are no tools, too.
 */
export const SMOLLM3_CHAT_TEMPLATE: string = String.raw`{%- set given = messages[0].content if messages and messages[0].role == 'system' else '' -%}
{%- set thinks = enable_thinking if enable_thinking is defined else true -%}
{%- if '/no_think' in given -%}{%- set thinks = false -%}{%- elif '/think' in given -%}{%- set thinks = true -%}{%- endif -%}
{%- set instructions = given.replace('/no_think', '').replace('/think', '').replace('/system_override', '').rstrip() -%}
{{- '<|im_start|>system\n' -}}
{%- if '/system_override' in given -%}
  {{- instructions -}}
{%- else -%}
  {{- '## Metadata\n\nKnowledge Cutoff Date: June 2025\nToday Date: ' ~ strftime_now('%d %B %Y') -}}
  {{- '\nReasoning Mode: ' ~ ('/think' if thinks else '/no_think') ~ '\n\n## Custom Instructions\n\n' -}}
  {%- if instructions -%}{{- instructions -}}
  {%- elif thinks -%}{{- '${THINKING}' -}}
  {%- else -%}{{- '${NAME}' -}}
  {%- endif -%}
  {{- '\n\n' -}}
  {%- if tools -%}${TOOLS.replaceAll('\n', '')}{%- endif -%}
{%- endif -%}
{{- '<|im_end|>\n' -}}
{%- for message in messages -%}
  {%- if message.role == 'assistant' -%}
    {{- '<|im_start|>assistant\n' -}}
    {%- generation -%}
    {%- if not thinks -%}{{- '<think>\n\n</think>\n' -}}{%- endif -%}
    {{- message.content or '' -}}
    {%- for call in message.tool_calls or [] -%}
      {%- set function = call.function or call -%}
      {{- '<tool_call>' ~ {'name': function.name, 'arguments': function.arguments} | tojson ~ '</tool_call>' -}}
    {%- endfor -%}
    {{- '<|im_end|>' -}}
    {%- endgeneration -%}
    {{- '\n' -}}
  {%- elif message.role != 'system' -%}
    {{- '<|im_start|>user\n' ~ message.content ~ '<|im_end|>\n' -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\n' ~ ('' if thinks else '<think>\n\n</think>\n') -}}
{%- endif -%}
`;
