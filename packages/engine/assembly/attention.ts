// softmax(scale·q·kᵀ + mask)·v without the [B, H, T, T] scores (in the spirit of Dao et al. 2022, but a row at once).
// Unit of work: a block of queries of all heads that share one key/value head of one batch row.

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
import { maxLanes, scaleVector, sumLanes } from './vector';

/** Queries in one unit of work. */
const QUERY_BLOCK: i32 = 320;

/** Blocks of queries: the units of work of one key/value head of one batch row. */
export function attentionQueryBlocks(queryCount: i32): i32 {
  return (queryCount + QUERY_BLOCK - 1) / QUERY_BLOCK;
}

// Scratch of the thread: packed keys, values and queries, the scores of one tile, and those scores packed.
let keyPanels: usize = 0;
let valuePanels: usize = 0;
let queryPanels: usize = 0;
let scores: usize = 0;
let weightPanels: usize = 0;
let edge: usize = 0;
/** Bytes of one packed panel of values. */
let valuePanelBytes: usize = 0;

/** Bytes of scratch a thread needs. */
export function attentionScratchBytes(queryCount: i32, keyCount: i32, headDimension: i32): i32 {
  setShape(queryCount, keyCount, 1, 1, headDimension);
  return <i32>layOut(0);
}

function layOut(base: usize): usize {
  keyPanels = base;
  valuePanels = keyPanels + <usize>(scoreColumns * dimension) * 4;
  queryPanels = valuePanels + <usize>(keys * roundUp(dimension, TILE_COLUMNS)) * 4;
  scores = queryPanels + <usize>(QUERY_TILE * dimension) * 4;
  weightPanels = scores + <usize>(QUERY_TILE * scoreColumns) * 4;
  edge = weightPanels + <usize>(QUERY_TILE * keys) * 4;
  return edge + 192;
}

/** Writes the output, the log of the softmax's denominator [B, H, Tq], and the largest logit of each unit [B, H, blocks]. */
export function attention(
  begin: i32,
  end: i32,
  q: usize,
  k: usize,
  v: usize,
  segmentIds: usize,
  output: usize,
  logSumExp: usize,
  maxLogits: usize,
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
  const blocks = attentionQueryBlocks(queries);
  for (let unit = begin; unit < end; unit++) {
    const block = unit % blocks;
    const group = (unit / blocks) % groups;
    const batch = unit / blocks / groups;
    setSegments(segmentIds == 0 ? 0 : segmentIds + <usize>(batch * keys) * 4);
    const first = block * QUERY_BLOCK;
    const last = min(first + QUERY_BLOCK, queries);
    packHead(k, v, batch, group, endKey(keys - queries + last - 1));
    for (let head = group * (heads / groups); head < (group + 1) * (heads / groups); head++) {
      const row = (batch * heads + head) * queries;
      const at = (<usize>(batch * queries * heads) + <usize>head) * <usize>dimension * 4;
      let largest: f32 = -Infinity;
      for (let query = first; query < last; query += QUERY_TILE) {
        const count = min(QUERY_TILE, last - query);
        const offset = at + <usize>query * queryStride;
        largest = max(
          largest,
          attendTile(q + offset, output + offset, logSumExp + <usize>(row + query) * 4, query, count),
        );
      }
      store<f32>(maxLogits + <usize>((batch * heads + head) * blocks + block) * 4, largest);
    }
  }
}

/** Packs the first `count` keys and values of a head. */
function packHead(k: usize, v: usize, batch: i32, group: i32, count: i32): void {
  const at = (<usize>(batch * keys * groups) + <usize>group) * <usize>dimension * 4;
  packColumns(k + at, keyPanels, count, dimension, keyStride, 4);
  packColumns(v + at, valuePanels, dimension, count, 4, keyStride);
  valuePanelBytes = <usize>(count * TILE_COLUMNS) * 4;
}

/** Attention of `count` queries of one head; returns their largest logit. */
function attendTile(q: usize, output: usize, logSumExp: usize, query: i32, count: i32): f32 {
  const position = keys - queries + query;
  const from = firstKey(position, position + count - 1);
  const visited = endKey(position + count - 1) - from;
  const columns = roundUp(visited, TILE_COLUMNS);
  const rowBytes = <usize>scoreColumns * 4;
  packRows(q, queryPanels, count, dimension, queryStride, 4);
  scoreTile(queryPanels, keyPanels, scores, from, count, columns, edge);
  let largest: f32 = -Infinity;
  for (let i = 0; i < count; i++) {
    largest = max(
      largest,
      softmaxRow(scores + <usize>i * rowBytes, position + i, from, columns, logSumExp + <usize>i * 4),
    );
  }
  packRows(scores, weightPanels, count, visited, rowBytes, 4);
  const values = valuePanels + <usize>(from * TILE_COLUMNS) * 4;
  const weightPanel = <usize>(visited * TILE_ROWS) * 4;
  multiplyPanels(
    weightPanels,
    values,
    output,
    count,
    dimension,
    visited,
    weightPanel,
    valuePanelBytes,
    queryStride,
    false,
    edge,
  );
  return largest;
}

/** Turns a row of raw scores into probabilities; returns its largest visible logit. */
function softmaxRow(row: usize, position: i32, from: i32, columns: i32, logSumExp: usize): f32 {
  const live = liveColumns(position, from);
  const maximum = scaleAndMask(row, position, from, live);
  const shift = capped(f32x4.splat(maximum));
  let sum = f32x4.splat(0);
  for (let i = 0; i < live; i += 4) {
    const at = row + <usize>i * 4;
    const logit = v128.load(at);
    const weight = exp4(f32x4.sub(softCap == 0 ? logit : hideAgain(logit), shift));
    sum = f32x4.add(sum, weight);
    v128.store(at, weight);
  }
  const total = sumLanes(sum);
  scaleVector(row, 1 / total, live);
  memory.fill(row + <usize>live * 4, 0, <usize>(columns - live) * 4);
  store<f32>(logSumExp, f32x4.extract_lane(shift, 0) + <f32>Math.log(<f64>total));
  return maximum;
}

/** Scales the raw scores of a row to logits, −∞ where hidden, and returns the largest. */
function scaleAndMask(row: usize, position: i32, from: i32, live: i32): f32 {
  const hidden = f32x4.splat(-Infinity);
  const factor = f32x4.splat(scale);
  const clear = clearColumns(position, from);
  let largest = hidden;
  let i = 0;
  for (; i < clear; i += 4) {
    const logit = f32x4.mul(v128.load(row + <usize>i * 4), factor);
    largest = f32x4.pmax(largest, logit);
    v128.store(row + <usize>i * 4, logit);
  }
  for (; i < live; i += 4) {
    const at = row + <usize>i * 4;
    const logit = v128.bitselect(f32x4.mul(v128.load(at), factor), hidden, visible(position, from + i));
    largest = f32x4.pmax(largest, logit);
    v128.store(at, logit);
  }
  return maxLanes(largest);
}

/** The capped logit, but still −∞ where hidden (tanh would make that −cap). */
function hideAgain(logit: v128): v128 {
  const hidden = f32x4.splat(-Infinity);
  return v128.bitselect(hidden, capped(logit), f32x4.eq(logit, hidden));
}
