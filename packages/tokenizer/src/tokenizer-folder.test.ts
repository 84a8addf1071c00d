import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from 'tokenizers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTokenizer, saveTokenizer } from './tokenizer-folder.ts';
import { trainBpe } from './train-bpe.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

const readJson = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(folder, name), 'utf8'));
const config = { eosToken: '<|im_end|>', padToken: '<|im_end|>', chatTemplate: '{{ messages }}', modelMaxLength: 4096 };
const train = () => trainBpe(['to be or not to be'], { vocabularySize: 270, specialTokens: ['<|im_end|>'], config });

describe('saveTokenizer and loadTokenizer', () => {
  it('keep ids, roles and the chat template', async () => {
    const tokenizer = await train();
    await saveTokenizer(tokenizer, folder);
    const loaded = await loadTokenizer(folder);
    expect(loaded.config).toEqual(config);
    expect(loaded.eosTokenId).toBe(0);
    expect(loaded.toJson()).toEqual(tokenizer.toJson());
    expect((await readdir(folder)).sort()).toEqual([
      'chat_template.jinja',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
      'vocabulary.txt',
    ]);
  });

  it('write a vocabulary for people', async () => {
    await saveTokenizer(await train(), folder);
    const lines = (await readFile(join(folder, 'vocabulary.txt'), 'utf8')).split('\n');
    expect([lines[0], lines[1], lines[256], lines.length]).toEqual(['0\t"<|im_end|>"', '1\t"!"', '256\t<ad>', 267]);
  });

  it('write what transformers reads', async () => {
    await saveTokenizer(await train(), folder);
    expect(await readJson('special_tokens_map.json')).toEqual({ eos_token: '<|im_end|>', pad_token: '<|im_end|>' });
    expect(await readJson('tokenizer_config.json')).toMatchObject({
      added_tokens_decoder: { 0: { content: '<|im_end|>', special: true, lstrip: false } },
      eos_token: '<|im_end|>',
      chat_template: '{{ messages }}',
      model_max_length: 4096,
      tokenizer_class: 'PreTrainedTokenizerFast',
    });
    expect(HuggingFaceTokenizer.fromFile(join(folder, 'tokenizer.json')).tokenToId('<|im_end|>')).toBe(0);
  });

  it('read a tokenizer.json alone, by folder or by file', async () => {
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify((await train()).toJson()));
    expect((await loadTokenizer(folder)).config).toEqual({});
    expect((await loadTokenizer(join(folder, 'tokenizer.json'))).decode([0])).toBe('<|im_end|>');
  });

  it('read special tokens written as objects, named templates, and no limit', async () => {
    await saveTokenizer(await train(), folder);
    await rm(join(folder, 'chat_template.jinja'));
    const written = {
      eos_token: { content: '<|im_end|>', lstrip: false },
      bos_token: null,
      chat_template: [
        { name: 'tool_use', template: 'a' },
        { name: 'default', template: 'b' },
      ],
      model_max_length: 1e30,
    };
    await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(written));
    expect((await loadTokenizer(folder)).config).toEqual({ eosToken: '<|im_end|>', chatTemplate: 'b' });
  });

  it('name the file in which something is wrong', async () => {
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    const path = join(folder, 'tokenizer.json');
    await writeFile(path, '{"model":');
    await expect(loadTokenizer(folder)).rejects.toThrow(`${path}: not JSON`);
    await writeFile(path, '{"decoder":{"type":"Metaspace"}}');
    await expect(loadTokenizer(folder)).rejects.toThrow(`${path}: decoder Metaspace is not supported`);
    await writeFile(join(folder, 'tokenizer_config.json'), '[]');
    await expect(loadTokenizer(folder)).rejects.toThrow('tokenizer_config.json: must hold a JSON object');
  });
});
