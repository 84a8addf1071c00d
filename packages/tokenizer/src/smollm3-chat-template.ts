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

const XML_INTRODUCTION =
  'You may call one or more functions to assist with the user query.\\n\\nYou are provided with function signatures within <tools></tools> XML tags:\\n\\n<tools>\\n';
const XML_END =
  '</tools>\\n\\nFor each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags.';
const PYTHON_INTRODUCTION =
  "When you send a message containing Python code between \\'<code>\\' and \\'</code>\\' tags, it will be executed in a stateful Jupyter notebook environment, and you will then be given the output to continued reasoning in an agentic loop.\\n\\nYou can use the following tools in your python code like regular functions:\\n<tools>\\n";
const PYTHON_END =
  '</tools>\\n\\nThe state persists between code executions: so variables that you define in one step are still available thereafter.';

/** Jinja that prints a variable with tools: a text as it is, a list a tool a line, `None` when there are none. */
function toolList(variable: string, introduction: string, end: string): string {
  return `{%- if ${variable} is string and ${variable} -%}{{- ${variable} -}}
  {%- elif ${variable} -%}
    {{- '${introduction}' -}}
    {%- for tool in ${variable} -%}{{- (tool if tool is string else tool | tojson) ~ '\\n' -}}{%- endfor -%}
    {{- '${end}' -}}
  {%- else -%}{{- 'None' -}}
  {%- endif -%}{{- '\\n\\n' -}}`;
}

/**
 * A chat template that behaves as the one SmolLM3 was tuned with (alignment-handbook, recipes/smollm3): a system turn with
 * metadata, `/think` and `/no_think` in the system message (which win over the variable `enable_thinking`, by default
 * true), `/system_override`, tool results as user turns, and `{% generation %}` around what the assistant says.
 *
 * Variables: `tools` or `xml_tools` are called by JSON, `python_tools` in Python code, each a list of schemas or a text;
 * `custom_instructions` stand in for a system message. Of SmolLM3's template it differs in three ways: calls of tools in
 * `tool_calls` are written out, the section on tools is left out where there are none, and the line that opens the
 * assistant's turn is not masked as said by it.
 */
export const SMOLLM3_CHAT_TEMPLATE: string = String.raw`{%- set given = messages[0].content if messages and messages[0].role == 'system' else '' -%}
{%- set thinks = enable_thinking if enable_thinking is defined else true -%}
{%- if '/no_think' in given -%}{%- set thinks = false -%}{%- elif '/think' in given -%}{%- set thinks = true -%}{%- endif -%}
{%- set instructions = given.replace('/no_think', '').replace('/think', '').replace('/system_override', '').rstrip() -%}
{%- if custom_instructions and not (messages and messages[0].role == 'system') -%}{%- set instructions = custom_instructions -%}{%- endif -%}
{%- set called = xml_tools or tools -%}
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
  {%- if called or python_tools -%}
    {{- '## Tools\n\n### XML Tools\n\n' -}}
    ${toolList('called', XML_INTRODUCTION, XML_END)}
    {{- '### Python Tools\n\n' -}}
    ${toolList('python_tools', PYTHON_INTRODUCTION, PYTHON_END)}
  {%- endif -%}
{%- endif -%}
{{- '<|im_end|>\n' -}}
{%- for message in messages -%}
  {%- set content = message.content if message.content is string else '' -%}
  {%- if message.role == 'assistant' -%}
    {{- '<|im_start|>assistant\n' -}}
    {%- generation -%}
    {%- if not thinks -%}{{- '<think>\n\n</think>\n' -}}{%- endif -%}
    {%- set lines = namespace(begun=false) -%}
    {%- for line in content.split('\n') -%}
      {%- if lines.begun or line -%}{{- ('\n' if lines.begun else '') ~ line -}}{%- set lines.begun = true -%}{%- endif -%}
    {%- endfor -%}
    {%- for call in message.tool_calls or [] -%}
      {%- set function = call.function or call -%}
      {{- '<tool_call>' ~ {'name': function.name, 'arguments': function.arguments} | tojson ~ '</tool_call>' -}}
    {%- endfor -%}
    {{- '<|im_end|>' -}}
    {%- endgeneration -%}
    {{- '\n' -}}
  {%- elif message.role == 'user' or message.role == 'tool' -%}
    {{- '<|im_start|>user\n' ~ content ~ '<|im_end|>\n' -}}
  {%- elif message.role != 'system' -%}
    {{- raise_exception('a message has the role ' ~ message.role ~ '; roles are system, user, assistant and tool') -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
  {{- '<|im_start|>assistant\n' ~ ('' if thinks else '<think>\n\n</think>\n') -}}
{%- endif -%}
`;
