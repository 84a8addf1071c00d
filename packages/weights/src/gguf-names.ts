/** Tensor names of transformers and of llama.cpp, and the order of the rows of queries and keys. */
import type { GgufShape } from './gguf-config.ts';

const OUTSIDE: readonly (readonly [huggingFace: string, gguf: string])[] = [
  ['model.embed_tokens.weight', 'token_embd.weight'],
  ['model.norm.weight', 'output_norm.weight'],
  ['lm_head.weight', 'output.weight'],
];

const OF_LAYER: readonly (readonly [huggingFace: string, gguf: string])[] = [
  ['input_layernorm.weight', 'attn_norm.weight'],
  ['self_attn.q_proj.weight', 'attn_q.weight'],
  ['self_attn.k_proj.weight', 'attn_k.weight'],
  ['self_attn.v_proj.weight', 'attn_v.weight'],
  ['self_attn.o_proj.weight', 'attn_output.weight'],
  ['post_attention_layernorm.weight', 'ffn_norm.weight'],
  ['mlp.gate_proj.weight', 'ffn_gate.weight'],
  ['mlp.up_proj.weight', 'ffn_up.weight'],
  ['mlp.down_proj.weight', 'ffn_down.weight'],
];

/** Name in llama.cpp by name in transformers, in the order of the forward pass; a tied head has none. */
export function ggufNames({ layers, tied }: Pick<GgufShape, 'layers' | 'tied'>): Map<string, string> {
  const names = new Map<string, string>([OUTSIDE[0]]);
  for (let layer = 0; layer < layers; layer++) {
    for (const [from, to] of OF_LAYER) names.set(`model.layers.${layer}.${from}`, `blk.${layer}.${to}`);
  }
  names.set(...OUTSIDE[1]);
  if (!tied) names.set(...OUTSIDE[2]);
  return names;
}

/** Heads whose rows must change places: llama.cpp turns neighbours (2i, 2i + 1), transformers i with i + K/2. */
export function permutedHeads(name: string, shape: GgufShape): number {
  if (name.endsWith('self_attn.q_proj.weight')) return shape.heads;
  return name.endsWith('self_attn.k_proj.weight') ? shape.groups : 0;
}

function moveRows(values: Float32Array, heads: number, columns: number, rowOf: (row: number, half: number) => number) {
  const moved = new Float32Array(values.length);
  const headRows = values.length / columns / heads;
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < headRows; row++) {
      const from = (head * headRows + rowOf(row, headRows / 2)) * columns;
      moved.set(values.subarray(from, from + columns), (head * headRows + row) * columns);
    }
  }
  return moved;
}

/** Rows of one head, halves → pairs: row 2i + h was row i + h·K/2 (llama.cpp's `LlamaModel.permute`). */
export function toPairs(values: Float32Array, heads: number, columns: number): Float32Array {
  return moveRows(values, heads, columns, (row, half) => (row >> 1) + (row & 1) * half);
}

/** The way back. */
export function toHalves(values: Float32Array, heads: number, columns: number): Float32Array {
  return moveRows(values, heads, columns, (row, half) => (row < half ? 2 * row : 2 * (row - half) + 1));
}
