import { disposeEngine, useEngine } from '@smol/engine';
import fc from 'fast-check';
import { trainBpe, SMOLLM3_CHAT_TEMPLATE } from '@smol/tokenizer';
import type { Tokenizer } from '@smol/tokenizer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chat, parseReply } from './chat.ts';
import { TINY } from './fixtures/tiny-model.ts';
import { generateText, SmolLM, streamText } from './index.ts';
import { StopScanner } from './stop-scanner.ts';
import type { TextModel } from './text-generation.ts';

let tokenizer: Tokenizer;
beforeAll(async () => {
  await useEngine('wasm', { threads: 2 });
  tokenizer = await trainBpe(['the lazy dog jumps over the quick brown fox 😀 日本'], {
    vocabularySize: 300,
    specialTokens: ['<|im_start|>', '<|im_end|>'],
    config: { eosToken: '<|im_end|>', chatTemplate: SMOLLM3_CHAT_TEMPLATE },
  });
});

afterAll(() => disposeEngine());

/** A model that answers each prompt with given text, byte by byte, then stops; keeps the prompts. */
function parrot(answers: string[], prompts: string[] = []): TextModel & { config: { eos_token_id: number } } {
  const bytes = (text: string): number[] => [...tokenizer.encode(text, { allowedSpecial: 'all' })];
  return {
    config: { eos_token_id: 1 },
    async *generateSteps(given, options) {
      prompts.push(...given.map((ids) => tokenizer.decode(ids)));
      const made = given.map((): number[] => []);
      const ended = new Set<number>();
      for (const [sequence, answer] of answers.entries()) {
        for (const id of bytes(answer)) {
          if (ended.has(sequence) || options.stopIds?.includes(id)) break;
          made[sequence].push(id);
          yield { sequence, id, stop: () => void ended.add(sequence) };
        }
      }
      return made.map((ids) => ({ ids, logProbabilities: ids.map(() => 0), finishReason: 'length' }));
    },
  };
}

describe('generateText', () => {
  it('ends before a stop string, even one that is spread over tokens, and says so', async () => {
    const model = parrot(['the lazy dog jumps', 'the quick brown fox']);
    const results = await generateText(model, tokenizer, ['a', 'b'], {
      maxNewTokens: 99,
      stopStrings: ['zy d', 'k b'],
    });
    expect(results.map(({ text, finishReason }) => [text, finishReason])).toEqual([
      ['the la', 'stop'],
      ['the quic', 'stop'],
    ]);
  });

  it('streams whole characters and never a beginning of a stop string', async () => {
    const pieces: string[] = [];
    const model = parrot(['a 😀 日本 the lazy']);
    const options = {
      maxNewTokens: 99,
      stopStrings: ['the lazy'],
      onText: ({ text }: { text: string }) => void pieces.push(text),
    };
    const [{ text }] = await generateText(model, tokenizer, ['x'], options);
    expect(text).toBe('a 😀 日本 ');
    expect(pieces.join('')).toBe(text);
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.every((piece) => !piece.includes('\ufffd') && !/\bt/.test(piece))).toBe(true);
  });

  it('runs on the model itself: the same text streamed and whole, for several prompts', async () => {
    const model = SmolLM.initialize({ ...TINY, vocab_size: 300, initializer_range: 0.3 }, { seed: 1 });
    const options = { maxNewTokens: 12, temperature: 0.9, seed: 5, stopIds: [] };
    const prompts = ['the lazy', 'a quick brown fox'];
    const whole = await generateText(model, tokenizer, prompts, options);
    const streamed = ['', ''];
    for await (const { sequence, text } of streamText(model, tokenizer, prompts, options)) streamed[sequence] += text;
    expect(streamed).toEqual(whole.map(({ text }) => text));
    expect(whole.map(({ ids }) => ids.length)).toEqual([12, 12]);
    model.dispose();
  });
});

describe('StopScanner', () => {
  it('gives out all before the first stop string, however the text is cut', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 30 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 4 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(letters, stops, fc.array(fc.nat(30)), (text, stopStrings, cuts) => {
        const scanner = new StopScanner(stopStrings);
        const edges = [0, ...cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b), text.length];
        const given =
          edges
            .slice(1)
            .map((end, index) => scanner.push(text.slice(edges[index], end)))
            .join('') + scanner.end();
        const ends = stopStrings.flatMap((stop) => (text.includes(stop) ? [text.indexOf(stop) + stop.length] : []));
        expect(scanner.isStopped).toBe(ends.length > 0);
        const isWhole =
          ends.length === 0 ? given === text : stopStrings.some((stop) => text.startsWith(stop, given.length));
        expect(isWhole).toBe(true);
        expect(text.startsWith(given) && stopStrings.every((stop) => !given.includes(stop))).toBe(true);
      }),
    );
  });
});

describe('chat', () => {
  const user = { role: 'user', content: 'Add 2 and 40.' };

  it('thinks when asked to, and takes the reply apart', async () => {
    const prompts: string[] = [];
    const model = parrot(['<think>\nEasy.\n</think>\n42<|im_end|>never'], prompts);
    const reply = await chat(model, tokenizer, [user], { maxNewTokens: 99, thinking: true });
    expect(prompts[0]).toContain('Reasoning Mode: /think\n');
    expect(prompts[0].endsWith('<|im_start|>user\nAdd 2 and 40.<|im_end|>\n<|im_start|>assistant\n')).toBe(true);
    expect([reply.thought, reply.answer, reply.toolCalls]).toEqual(['Easy.', '42', []]);
  });

  it('does not think with /no_think in the system message or thinking: false', async () => {
    const prompts: string[] = [];
    await chat(parrot(['42'], prompts), tokenizer, [{ role: 'system', content: '/no_think' }, user], {
      maxNewTokens: 9,
    });
    await chat(parrot(['42'], prompts), tokenizer, [user], { maxNewTokens: 9, thinking: false });
    expect(prompts[0].endsWith('<|im_start|>assistant\n<think>\n\n</think>\n')).toBe(true);
    expect(prompts[1]).toBe(prompts[0]);
  });

  it('offers tools, reads calls, and streams', async () => {
    const prompts: string[] = [];
    const heard: string[] = [];
    const tools = [{ name: 'add', parameters: { type: 'object' } }];
    const model = parrot(['Let me see. <tool_call>{"name": "add", "arguments": {"a": 2}}</tool_call>'], prompts);
    const reply = await chat(model, tokenizer, [user], {
      maxNewTokens: 99,
      tools,
      thinking: false,
      onText: (text) => heard.push(text),
    });
    expect(prompts[0]).toContain('<tools>\n{"name": "add", "parameters": {"type": "object"}}\n</tools>');
    expect(reply.toolCalls).toEqual([{ name: 'add', arguments: { a: 2 } }]);
    expect(reply.answer).toBe('Let me see.');
    expect(heard.join('')).toBe(reply.text);
  });

  it.each([
    ['plain', '', 'plain', 0],
    ['<think>still at it', 'still at it', '', 0],
    ['<think>\n\n</think>\nyes', '', 'yes', 0],
    ['<tool_call>not JSON</tool_call>', '', '<tool_call>not JSON</tool_call>', 0],
    ['<tool_call>{"name":"a"}</tool_call><tool_call>{"name":"b","arguments":[]}</tool_call>', '', '', 2],
  ])('takes %j apart', (text, thought, answer, calls) => {
    const reply = parseReply(text);
    expect([reply.thought, reply.answer, reply.toolCalls.length]).toEqual([thought, answer, calls]);
  });

  it('runs on the model itself, ending at the template’s end-of-turn token', async () => {
    const model = SmolLM.initialize({ ...TINY, vocab_size: 300, max_position_embeddings: 512 }, { seed: 1 });
    const reply = await chat(model, tokenizer, [user], { maxNewTokens: 4, seed: 1, date: new Date(0) });
    expect(reply.ids.length).toBeLessThanOrEqual(4);
    model.dispose();
  });
});
