import { beforeAll, describe, expect, it } from 'vitest';
import { applyChatTemplate } from './chat-template.ts';
import type { Tokenizer } from './tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

/** ChatML, as SmolLM2 has it. */
const CHATML =
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const messages = [
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello!' },
];

let tokenizer: Tokenizer;
beforeAll(async () => {
  const specialTokens = ['<|im_start|>', '<|im_end|>'];
  tokenizer = await trainBpe([], {
    vocabularySize: 258,
    specialTokens,
    config: { eosToken: '<|im_end|>', chatTemplate: CHATML },
  });
});

describe('applyChatTemplate', () => {
  it('renders a conversation', () => {
    expect(applyChatTemplate(tokenizer, messages, { addGenerationPrompt: true })).toBe(
      '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('gives text whose special tokens encode as themselves', () => {
    const ids = [...tokenizer.encode(applyChatTemplate(tokenizer, messages), { allowedSpecial: 'all' })];
    expect(ids.filter((id) => id === 0)).toHaveLength(2);
    expect(ids.filter((id) => id === 1)).toHaveLength(2);
  });

  it('gives templates tools, the date, special tokens and variables', () => {
    const chatTemplate =
      "{{ strftime_now('%d %B %Y') }}|{{ eos_token }}|{{ tools[0].name }}|{{ enable_thinking }}|{{ bos_token }}";
    const options = {
      chatTemplate,
      tools: [{ name: 'add' }],
      date: new Date(Date.UTC(2026, 6, 9)),
      variables: { enable_thinking: false },
    };
    expect(applyChatTemplate(tokenizer, [], options)).toBe('09 July 2026|<|im_end|>|add|false|');
  });

  it('gives templates range, and the names of Python and Jinja for the constants', () => {
    const chatTemplate =
      '{% for i in range(1, 6, 2) %}{{ i }}{% endfor %}{% for i in range(2) %}{{ i }}{% endfor %}{{ none is none and True }}';
    expect(applyChatTemplate(tokenizer, [], { chatTemplate })).toBe('13501true');
  });

  it('depends on nothing but its input', () => {
    expect(applyChatTemplate(tokenizer, [], { chatTemplate: "{{ strftime_now('%Y-%m-%d') }}" })).toBe('1970-01-01');
  });

  it.each([
    ['{{', 'the chat template failed'],
    ["{{ raise_exception('roles must alternate') }}", 'roles must alternate'],
  ])('says what is wrong with %j', (chatTemplate, message) => {
    expect(() => applyChatTemplate(tokenizer, messages, { chatTemplate })).toThrow(
      expect.objectContaining({ code: 'CHAT_TEMPLATE', message: expect.stringContaining(message) }),
    );
  });

  it('says that there is no template', async () => {
    const bare = await trainBpe([], { vocabularySize: 257 });
    expect(() => applyChatTemplate(bare, messages)).toThrow('has no chat template');
  });
});
