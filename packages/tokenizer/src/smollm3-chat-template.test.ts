import { beforeAll, describe, expect, it } from 'vitest';
import { applyChatTemplate, encodeChat } from './chat-template.ts';
import { SMOLLM3_CHAT_TEMPLATE } from './smollm3-chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

const date = new Date(Date.UTC(2026, 6, 9));
const user = { role: 'user', content: 'Hi' };
const header = (mode: string): string =>
  `<|im_start|>system\n## Metadata\n\nKnowledge Cutoff Date: June 2025\nToday Date: 09 July 2026\nReasoning Mode: ${mode}\n\n## Custom Instructions\n\n`;

let tokenizer: Tokenizer;
beforeAll(async () => {
  const specialTokens = ['<|im_start|>', '<|im_end|>'];
  const config = { eosToken: '<|im_end|>', chatTemplate: SMOLLM3_CHAT_TEMPLATE };
  tokenizer = await trainBpe([], { vocabularySize: 258, specialTokens, config });
});

const render = (messages: { role: string; content: string }[], options = {}): string =>
  applyChatTemplate(tokenizer, messages, { date, addGenerationPrompt: true, ...options });

describe('SmolLM3’s chat template', () => {
  it('does not think when the system message says /no_think', () => {
    expect(render([{ role: 'system', content: '/no_think' }, user])).toBe(
      `${header('/no_think')}You are a helpful AI assistant named SmolLM, trained by Hugging Face.\n\n<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n`,
    );
    expect(render([user], { variables: { enable_thinking: false } })).toBe(
      render([{ role: 'system', content: '/no_think' }, user]),
    );
  });

  it('thinks by default, and when the system message says /think, which is left out of the text', () => {
    const text = render([user]);
    expect(
      text.startsWith(
        `${header('/think')}You are a helpful AI assistant named SmolLM, trained by Hugging Face. Your role`,
      ),
    ).toBe(true);
    expect(text).toContain('using the specified format: <think> Thought section </think> Solution section.');
    expect(text.endsWith('<|im_start|>assistant\n')).toBe(true);
    expect(
      render([{ role: 'system', content: 'Be brief. /think' }, user], { variables: { enable_thinking: false } }),
    ).toBe(`${header('/think')}Be brief.\n\n<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n`);
  });

  it('takes the system message alone when it says /system_override', () => {
    expect(render([{ role: 'system', content: 'Only this. /system_override' }, user])).toBe(
      '<|im_start|>system\nOnly this.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  const add = { name: 'add', parameters: { type: 'object' } };
  const sections = (xml: string, python: string): string =>
    `X\n\n## Tools\n\n### XML Tools\n\n${xml}\n\n### Python Tools\n\n${python}\n\n<|im_end|>\n<|im_start|>user\n`;
  const system = { role: 'system', content: 'X /no_think' };

  it('lists tools as JSON lines, and gives their results as user turns', () => {
    const text = render([system, user, { role: 'tool', content: '42' }], { tools: [add, { name: 'halve' }] });
    const listed = '<tools>\n{"name": "add", "parameters": {"type": "object"}}\n{"name": "halve"}\n</tools>\n\n';
    const xml = `You may call one or more functions to assist with the user query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n\n${listed}For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags.`;
    expect(text).toContain(sections(xml, 'None'));
    expect(text).toContain('<|im_end|>\n<|im_start|>user\n42<|im_end|>\n');
    expect(
      render([system, user, { role: 'tool', content: '42' }], { variables: { xml_tools: [add, { name: 'halve' }] } }),
    ).toBe(text);
  });

  it('lists tools to be used in Python code', () => {
    const text = render([system, user], { variables: { python_tools: ['def add(a, b): ...', add] } });
    const listed = '<tools>\ndef add(a, b): ...\n{"name": "add", "parameters": {"type": "object"}}\n</tools>\n\n';
    expect(text).toContain('X\n\n## Tools\n\n### XML Tools\n\nNone\n\n### Python Tools\n\nWhen you send a message');
    expect(text).toContain(`like regular functions:\n${listed}The state persists`);
    expect(text).toContain('are still available thereafter.\n\n<|im_end|>\n<|im_start|>user\n');
  });

  it('takes tools that are described in a text as they are', () => {
    const variables = { xml_tools: 'call them', python_tools: 'import them' };
    expect(render([system, user], { variables })).toContain(sections('call them', 'import them'));
  });

  it('takes instructions from a variable where no system message has them', () => {
    const variables = { custom_instructions: 'Be a pirate.', enable_thinking: false };
    expect(render([user], { variables })).toContain('## Custom Instructions\n\nBe a pirate.\n\n<|im_end|>\n');
    expect(render([system, user], { variables })).toContain('## Custom Instructions\n\nX\n\n<|im_end|>\n');
  });

  it('leaves out line ends before what the assistant says, as between thoughts and answers', () => {
    const turn = { role: 'assistant', content: '\n\n  a\n\nb\n' };
    expect(render([user, turn], { addGenerationPrompt: false })).toMatch(
      /<\|im_start\|>assistant\n {2}a\n\nb\n<\|im_end\|>\n$/,
    );
  });

  it('refuses a role that it does not know', () => {
    expect(() => render([{ role: 'developer', content: 'x' }])).toThrow('a message has the role developer');
  });

  it('writes calls of tools as JSON', () => {
    const call = { role: 'assistant', content: '', tool_calls: [{ function: { name: 'add', arguments: { a: 1 } } }] };
    expect(render([user, call])).toContain(
      '<|im_start|>assistant\n<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call><|im_end|>\n',
    );
  });
});

describe('encodeChat', () => {
  const conversation = [
    { role: 'system', content: 'S /no_think' },
    user,
    { role: 'assistant', content: 'Yo 😀' },
    user,
    { role: 'assistant', content: 'Bye' },
  ];
  const spoken = ({ ids, assistantMask }: ReturnType<typeof encodeChat>): string =>
    tokenizer.decode(ids.filter((_, index) => assistantMask[index] === 1));

  it('masks what the assistant says, with the end of its turn', () => {
    const chat = encodeChat(tokenizer, conversation, { date });
    expect(chat.text).toBe(applyChatTemplate(tokenizer, conversation, { date }));
    expect(tokenizer.decode(chat.ids)).toBe(chat.text);
    expect(spoken(chat)).toBe('<think>\n\n</think>\nYo 😀<|im_end|><think>\n\n</think>\nBye<|im_end|>');
  });

  it('keeps the control of white space around generation blocks', () => {
    const chatTemplate = 'a\n{%- generation -%}\n b \n{% endgeneration %}\nc {% generation %}d{%- endgeneration %} e';
    const chat = encodeChat(tokenizer, [], { chatTemplate });
    expect([chat.text, spoken(chat)]).toEqual(['ab \nc d e', 'b \nd']);
  });

  it('masks nothing when the template marks nothing', () => {
    const chat = encodeChat(tokenizer, [user], { chatTemplate: '{{ messages[0].content }}' });
    expect([...chat.assistantMask]).toEqual([0, 0]);
  });

  it('refuses the marks themselves in a message', () => {
    expect(() => encodeChat(tokenizer, [{ role: 'user', content: 'a\ufdd0' }])).toThrow('U+FDD0');
    expect(() => encodeChat(tokenizer, [], { chatTemplate: '{% generation %}' })).toThrow('the chat template failed');
  });
});
