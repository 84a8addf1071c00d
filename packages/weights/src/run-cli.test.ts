import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONFIG, TEMPLATE, tinyTensors, TOKENIZER } from './fixtures/tiny-model.ts';
import { encodeSafetensors } from './index.ts';
import { loadModelFolder, saveModelFolder } from './node.ts';
import { runCli } from './run-cli.ts';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'smol-cli-'));
  const files = { 'tokenizer.json': JSON.stringify(TOKENIZER), 'chat_template.jinja': TEMPLATE };
  await saveModelFolder(at('model'), { config: CONFIG, tensors: tinyTensors(), files, maximumShardBytes: 150_000 });
});
afterAll(() => rm(folder, { recursive: true }));

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): Writable =>
    new Writable({
      write(chunk, _, done) {
        output[name] += String(chunk);
        done();
      },
    });
  const code = await runCli(args, { stdout: stream('stdout'), stderr: stream('stderr') });
  return { code, ...output };
}

describe('smol-weights', () => {
  it('converts a folder to GGUF, with the error of every tensor, and back', async () => {
    const { code, stdout } = await run('convert', at('model'), at('m.gguf'), '--type', 'q8_0');
    expect(code).toBe(0);
    expect(stdout.split('\n')).toHaveLength(48);
    expect(stdout).toMatch(/^model\.embed_tokens\.weight\tQ8_0\t\[262,64\]\t17816\t\d\.\d\de-3\t/);
    expect((await run('convert', at('m.gguf'), at('again'), '--type', 'BF16')).code).toBe(0);
    const { config, tensors } = await loadModelFolder(at('again'));
    expect([config.model_type, config.torch_dtype, tensors.size]).toEqual(['smollm3', 'bfloat16', 47]);
    const tokenizer = JSON.parse(await readFile(at('again/tokenizer.json'), 'utf8'));
    expect(tokenizer.model).toEqual(TOKENIZER.model);
    expect(JSON.parse(await readFile(at('again/tokenizer_config.json'), 'utf8'))).toMatchObject({
      eos_token: '<|end|>',
    });
  });

  it('converts without loss through F32', async () => {
    await run('convert', at('model'), at('f32.gguf'), '-t', 'F32');
    await run('convert', at('f32.gguf'), at('f32'));
    const [before, after] = [await loadModelFolder(at('model')), await loadModelFolder(at('f32'))];
    expect([...after.tensors.keys()].sort()).toEqual([...before.tensors.keys()].sort());
    for (const [name, { data }] of before.tensors) expect(after.tensors.get(name)!.data).toEqual(data);
  });

  it('inspects folders, GGUF and safetensors files', async () => {
    await run('convert', at('model'), at('i.gguf'), '-t', 'Q4_0');
    const { stdout } = await run('inspect', at('i.gguf'), at('model'));
    expect(stdout).toContain('i.gguf: gguf, 47 tensors, 171072 parameters');
    expect(stdout).toContain('  tokenizer.ggml.tokens = "262 × string"');
    expect(stdout).toContain('  blk.0.attn_q.weight\tQ4_0\t[64,64]\t2304');
    expect(stdout).toContain('  model.norm.weight\tF32\t[64]\t256');
    await writeFile(at('x.safetensors'), encodeSafetensors({ ids: { shape: [2], data: Int32Array.of(1, 2) } }));
    const json = JSON.parse((await run('inspect', '--json', at('x.safetensors'))).stdout);
    expect(json).toMatchObject({ kind: 'safetensors', tensors: { ids: { type: 'I32', shape: [2], bytes: 8 } } });
  });

  it('verifies: says what is good, names what is not, and goes on', async () => {
    await run('convert', at('model'), at('v.gguf'), '-t', 'F16');
    const bytes = await readFile(at('v.gguf'));
    bytes.fill(0xff, bytes.length - 64);
    await writeFile(at('nan.gguf'), bytes);
    await writeFile(at('cut.gguf'), bytes.subarray(0, 5000));
    const bad = { w: { shape: [3], data: Float32Array.of(1, 2, Infinity) } };
    await writeFile(at('inf.safetensors'), encodeSafetensors(bad));
    const paths = ['nan.gguf', 'cut.gguf', 'inf.safetensors', 'v.gguf', 'model', 'absent'].map(at);
    const { code, stdout, stderr } = await run('verify', ...paths);
    expect(code).toBe(1);
    expect(stdout).toBe(`${at('v.gguf')}: ok, 47 tensors\n${at('model')}: ok, 47 tensors\n`);
    expect(stderr).toContain('nan.gguf, tensor "output_norm.weight": element 48 is NaN');
    expect(stderr).toContain('cut.gguf: ');
    expect(stderr).toContain('inf.safetensors, tensor "w": element 2 is Infinity');
    expect(stderr).toContain('absent: no such file');
    expect(stderr).toContain('4 of 6 are damaged');
    expect((await run('verify', '--json', at('inf.safetensors'))).stdout).toContain('"ok":false,"code":"BAD_TENSOR"');
    expect((await run('verify', at('v.gguf'))).code).toBe(0);
  });

  it('refuses weights of integers in a model folder, by name', async () => {
    const tensors = new Map(tinyTensors());
    const ints = new Map(
      [...tensors].map(([name, tensor]) => [name, { ...tensor, data: Int32Array.from(tensor.data) }]),
    );
    await saveModelFolder(at('ints'), { config: CONFIG, tensors: ints });
    const { code, stderr } = await run('convert', at('ints'), at('ints.gguf'));
    expect(code).toBe(1);
    expect(stderr).toContain('tensor "model.embed_tokens.weight": weights must be F16, BF16, F32 or F64, got I32');
  });

  it('never writes over its input, nor 4-bit types into a folder', async () => {
    expect((await run('convert', at('model'), at('model'))).stderr).toContain('is the input');
    expect((await run('convert', at('model'), at('other'), '-t', 'Q4_K')).stderr).toContain(
      'not Q4_K; write a .gguf file',
    );
  });

  it('explains itself, and exits 2 for bad usage', async () => {
    expect((await run('--help')).stdout).toContain('Examples');
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    for (const args of [
      [],
      ['frobnicate'],
      ['convert', 'one'],
      ['inspect'],
      ['verify', '--frob'],
      ['convert', 'a', 'b', '-t', 'Q9'],
    ]) {
      const { code, stderr } = await run(...args);
      expect([code, stderr.includes('Try smol-weights --help')]).toEqual([2, true]);
    }
  });
});
