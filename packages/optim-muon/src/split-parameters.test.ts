import { useEngine } from '@smol/engine';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { isDecayed, splitParameters } from './split-parameters.ts';

beforeAll(() => useEngine('cpu'));

const shapes: Record<string, number[]> = {
  'model.embed_tokens.weight': [8, 4],
  'model.layers.0.self_attn.q_proj.weight': [4, 4],
  'model.layers.0.input_layernorm.weight': [4],
  'model.layers.0.mlp.down_proj.weight': [4, 6],
  'model.norm.weight': [4],
  'lm_head.weight': [8, 4],
  'heads.1.embedding_projection.weight': [4, 4],
};

it('gives hidden matrices to Muon; embeddings, head and gains to AdamW', () => {
  const parameters = new Map(Object.entries(shapes).map(([name, shape]) => [name, tf.variable(tf.zeros(shape))]));
  const { muon, adamw } = splitParameters(parameters);
  expect([...muon.keys()]).toEqual([
    'model.layers.0.self_attn.q_proj.weight',
    'model.layers.0.mlp.down_proj.weight',
    'heads.1.embedding_projection.weight',
  ]);
  expect([...adamw.keys()]).toEqual([
    'model.embed_tokens.weight',
    'model.layers.0.input_layernorm.weight',
    'model.norm.weight',
    'lm_head.weight',
  ]);
  expect([...adamw].filter(([name, parameter]) => isDecayed(name, parameter))).toEqual([]);
  expect([...muon].every(([name, parameter]) => isDecayed(name, parameter))).toBe(true);
  tf.dispose([...parameters.values()]);
});
