// Gradient of attention: probabilities are computed again from the saved log of the denominator, one tile at a time.
// With P the probabilities, δᵢ = dOᵢ·Oᵢ, dP = dO·Vᵀ: dS = P∘(dP − δ), dQ = scale·dS·K, dK = scale·dSᵀ·Q, dV = Pᵀ·dO.
// Unit of work: one key/value head of one batch row with all its queries, so that dK and dV belong to one thread.

import {
  capped,
  clearColumns,
  dimension,
  endKey,
  firstKey,
  groups,
  heads,
  keys,
  keyStride,
  liveColumns,
  queries,
  QUERY_TILE,
  queryStride,
  roundUp,
  scale,
  scoreColumns,
  scoreTile,
  setMask,
  setSegments,
  setShape,
  softCap,
  visible,
} from './attention-call';
import { exp4 } from './exponential';
import { TILE_COLUMNS, TILE_ROWS } from './micro-kernel';
import { multiplyPanels, packColumns, packRows } from './panels';
import { threadScratch } from './thread';
import { dot } from './vector';

// Scratch of the thread. "Across" packs are B operands with the head dimension as columns.
let keyPanels: usize = 0;
let valuePanels: usize = 0;
let keysAcross: usize = 0;
let queryPanels: usize = 0;
let dyPanels: usize = 0;
let queriesAcross: usize = 0;
let dyAcross: usize = 0;
let weights: usize = 0;
let dscores: usize = 0;
let rowPanels: usize = 0;
let edge: usize = 0;

/** Bytes of scratch a thread needs. */
export function attentionGradientScratchBytes(queryCount: i32, keyCount: i32, headDimension: i32): i32 {
  setShape(queryCount, keyCount, 1, 1, headDimension);
  return <i32>layOut(0);
}

function layOut(base: usize): usize {
  const wide = <usize>roundUp(dimension, TILE_COLUMNS) * 4;
  const head = <usize>(scoreColumns * dimension) * 4;
  const tile = <usize>(QUERY_TILE * dimension) * 4;
  const scoreBytes = <usize>(QUERY_TILE * scoreColumns) * 4;
  keyPanels = base;
  valuePanels = keyPanels + head;
  keysAcross = valuePanels + head;
  queryPanels = keysAcross + <usize>keys * wide;
  dyPanels = queryPanels + tile;
  queriesAcross = dyPanels + tile;
  dyAcross = queriesAcross + <usize>QUERY_TILE * wide;
  weights = dyAcross + <usize>QUERY_TILE * wide;
  dscores = weights + scoreBytes;
  rowPanels = dscores + scoreBytes;
  edge = rowPanels + <usize>(QUERY_TILE * roundUp(keys, TILE_ROWS)) * 4;
  return edge + 192;
}

export function attentionGradient(
  begin: i32,
  end: i32,
  dy: usize,
  q: usize,
  k: usize,
  v: usize,
  output: usize,
  logSumExp: usize,
  segmentIds: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  queryCount: i32,
  keyCount: i32,
  headCount: i32,
  groupCount: i32,
  headDimension: i32,
  logitScale: f32,
  isCausal: bool,
  slidingWindow: i32,
  cap: f32,
  scratch: usize,
  scratchBytes: i32,
): void {
  setShape(queryCount, keyCount, headCount, groupCount, headDimension);
  setMask(isCausal, slidingWindow, logitScale, cap);
  layOut(threadScratch(scratch, scratchBytes));
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / groups;
    const group = unit % groups;
    setSegments(segmentIds == 0 ? 0 : segmentIds + <usize>(batch * keys) * 4);
    const keyAt = (<usize>(batch * keys * groups) + <usize>group) * <usize>dimension * 4;
    packHead(k + keyAt, v + keyAt);
    clearHead(dk + keyAt, dv + keyAt);
    for (let head = group * (heads / groups); head < (group + 1) * (heads / groups); head++) {
      const statistics = logSumExp + <usize>((batch * heads + head) * queries) * 4;
      const at = (<usize>(batch * queries * heads) + <usize>head) * <usize>dimension * 4;
      for (let query = 0; query < queries; query += QUERY_TILE) {
        const offset = at + <usize>query * queryStride;
        const count = min(QUERY_TILE, queries - query);
        packTile(q + offset, dy + offset, count);
        const from = firstKey(keys - queries + query, keys - queries + query + count - 1);
        differentiateScores(dy + offset, output + offset, statistics + <usize>query * 4, query, count, from);
        spread(
          dq + offset,
          dk + keyAt + <usize>from * keyStride,
          dv + keyAt + <usize>from * keyStride,
          query,
          count,
          from,
        );
      }
    }
  }
}

function packHead(k: usize, v: usize): void {
  packColumns(k, keyPanels, keys, dimension, keyStride, 4);
  packColumns(v, valuePanels, keys, dimension, keyStride, 4);
  packColumns(k, keysAcross, dimension, keys, 4, keyStride);
}

function clearHead(dk: usize, dv: usize): void {
  const bytes = <usize>dimension * 4;
  for (let key: usize = 0; key < <usize>keys; key++) {
    memory.fill(dk + key * keyStride, 0, bytes);
    memory.fill(dv + key * keyStride, 0, bytes);
  }
}

function packTile(q: usize, dy: usize, count: i32): void {
  packRows(q, queryPanels, count, dimension, queryStride, 4);
  packRows(dy, dyPanels, count, dimension, queryStride, 4);
  packColumns(q, queriesAcross, dimension, count, 4, queryStride);
  packColumns(dy, dyAcross, dimension, count, 4, queryStride);
}

/** Fills `weights` with P and `dscores` with scale·dS for one tile. */
function differentiateScores(dy: usize, output: usize, logSumExp: usize, query: i32, count: i32, from: i32): void {
  const position = keys - queries + query;
  const columns = roundUp(endKey(position + count - 1) - from, TILE_COLUMNS);
  scoreTile(queryPanels, keyPanels, weights, from, count, columns, edge);
  scoreTile(dyPanels, valuePanels, dscores, from, count, columns, edge);
  for (let i = 0; i < count; i++) {
    const row = <usize>i * queryStride;
    const delta = dot(dy + row, output + row, dimension);
    const at = <usize>(i * scoreColumns) * 4;
    differentiateRow(
      weights + at,
      dscores + at,
      position + i,
      from,
      columns,
      load<f32>(logSumExp + <usize>i * 4),
      delta,
    );
  }
}

function differentiateRow(
  weight: usize,
  dscore: usize,
  position: i32,
  from: i32,
  columns: i32,
  logSumExp: f32,
  delta: f32,
): void {
  const clear = clearColumns(position, from);
  const live = liveColumns(position, from);
  const factor = f32x4.splat(scale);
  const shift = f32x4.splat(logSumExp);
  for (let i = 0; i < live; i += 4) {
    const at = <usize>i * 4;
    const logit = capped(f32x4.mul(v128.load(weight + at), factor));
    let p = exp4(f32x4.sub(logit, shift));
    if (i >= clear) p = v128.and(p, visible(position, from + i));
    let ds = f32x4.mul(p, f32x4.sub(v128.load(dscore + at), f32x4.splat(delta)));
    if (softCap != 0) ds = f32x4.mul(ds, capSlope(logit));
    v128.store(weight + at, p);
    v128.store(dscore + at, f32x4.mul(ds, factor));
  }
  const rest = <usize>(columns - live) * 4;
  memory.fill(weight + <usize>live * 4, 0, rest);
  memory.fill(dscore + <usize>live * 4, 0, rest);
}

/** d capped / d logit = 1 − tanh² */
function capSlope(capped: v128): v128 {
  const tanh = f32x4.div(capped, f32x4.splat(softCap));
  return f32x4.sub(f32x4.splat(1), f32x4.mul(tanh, tanh));
}

/** dq = dS·K; dk += dSᵀ·q; dv += Pᵀ·dy for one tile. `dk` and `dv` start at key `from`. */
function spread(dq: usize, dk: usize, dv: usize, query: i32, count: i32, from: i32): void {
  const visited = endKey(keys - queries + query + count - 1) - from;
  const rowBytes = <usize>scoreColumns * 4;
  packRows(dscores, rowPanels, count, visited, rowBytes, 4);
  const across = keysAcross + <usize>(from * TILE_COLUMNS) * 4;
  const wide = <usize>(keys * TILE_COLUMNS) * 4;
  multiplyPanels(
    rowPanels,
    across,
    dq,
    count,
    dimension,
    visited,
    <usize>(visited * TILE_ROWS) * 4,
    wide,
    queryStride,
    false,
    edge,
  );

  const rowPanel = <usize>(count * TILE_ROWS) * 4;
  const columnPanel = <usize>(count * TILE_COLUMNS) * 4;
  packRows(dscores, rowPanels, visited, count, 4, rowBytes);
  multiplyPanels(rowPanels, queriesAcross, dk, visited, dimension, count, rowPanel, columnPanel, keyStride, true, edge);
  packRows(weights, rowPanels, visited, count, 4, rowBytes);
  multiplyPanels(rowPanels, dyAcross, dv, visited, dimension, count, rowPanel, columnPanel, keyStride, true, edge);
}
