// What one attention call is about, and the steps that forward and backward share.
// Shapes: q [B, Tq, H, K], k and v [B, Tk, G, K]; query head h reads key/value head h / (H / G).
// Scores exist for one tile of 40 queries at a time and for the keys from the first to the last visible one only.

import { tanh4 } from './exponential';
import { TILE_COLUMNS, TILE_ROWS } from './micro-kernel';
import { multiplyPanels } from './panels';

/** Queries in one tile: a multiple of the 5 rows of a packed panel. */
export const QUERY_TILE: i32 = 40;

// Each thread has its own instance of the module, so these are per thread.
export let queries: i32 = 0;
export let keys: i32 = 0;
export let heads: i32 = 0;
export let groups: i32 = 0;
export let dimension: i32 = 0;
/** Bytes from one position to the next in q (and output), and in k and v. */
export let queryStride: usize = 0;
export let keyStride: usize = 0;
/** Length of a row of scores. */
export let scoreColumns: i32 = 0;
export let scale: f32 = 1;
export let softCap: f32 = 0;
let causal: bool = true;
let window: i32 = 0;
let segments: usize = 0;

export function setShape(queryCount: i32, keyCount: i32, headCount: i32, groupCount: i32, headDimension: i32): void {
  queries = queryCount;
  keys = keyCount;
  heads = headCount;
  groups = groupCount;
  dimension = headDimension;
  queryStride = <usize>(headCount * headDimension) * 4;
  keyStride = <usize>(groupCount * headDimension) * 4;
  scoreColumns = roundUp(keyCount, TILE_COLUMNS);
}

/** `slidingWindow` 0 and `cap` 0 mean none. */
export function setMask(isCausal: bool, slidingWindow: i32, logitScale: f32, cap: f32): void {
  causal = isCausal;
  window = slidingWindow;
  scale = logitScale;
  softCap = cap;
}

/** Segment ids of the keys of one batch row, or 0 for none. */
export function setSegments(ids: usize): void {
  segments = ids;
}

export function roundUp(value: i32, multiple: i32): i32 {
  return ((value + multiple - 1) / multiple) * multiple;
}

/** First key, rounded down to a panel, that any query at positions `first` … `last` sees. */
export function firstKey(first: i32, last: i32): i32 {
  let lowest = window > 0 ? max(0, first - window + 1) : 0;
  if (segments != 0) {
    let reachable = last;
    for (let position = first; position <= last; position++) {
      const id = load<i32>(segments + <usize>position * 4);
      let key = lowest;
      while (key < reachable && load<i32>(segments + <usize>key * 4) != id) key++;
      reachable = min(reachable, key);
    }
    lowest = reachable;
  }
  return lowest & ~(TILE_COLUMNS - 1);
}

/** One past the last key that a query at position `last` or before sees. */
export function endKey(last: i32): i32 {
  return causal ? last + 1 : keys;
}

/** All ones in the lanes of keys `key` … `key`+3 that a query at `position` sees. */
export function visible(position: i32, key: i32): v128 {
  const index = i32x4.add(i32x4.splat(key), i32x4(0, 1, 2, 3));
  let mask = i32x4.lt_s(index, i32x4.splat(endKey(position)));
  if (window > 0) mask = v128.and(mask, i32x4.gt_s(index, i32x4.splat(position - window)));
  if (segments != 0) {
    const own = v128.load32_splat(segments + <usize>position * 4);
    mask = v128.and(mask, i32x4.eq(v128.load(segments + <usize>key * 4), own));
  }
  return mask;
}

/** How many columns of a row of scores that starts at key `from` may be visible: a multiple of 4; the rest is hidden. */
export function liveColumns(position: i32, from: i32): i32 {
  return roundUp(endKey(position) - from, 4);
}

/** How many columns at the start of that row are visible for sure, and need no mask: a multiple of 4. */
export function clearColumns(position: i32, from: i32): i32 {
  return segments == 0 && window == 0 ? (endKey(position) - from) & ~3 : 0;
}

/** cap·tanh(x / cap), or x without a cap. */
export function capped(x: v128): v128 {
  if (softCap == 0) return x;
  const cap = f32x4.splat(softCap);
  return f32x4.mul(cap, tanh4(f32x4.div(x, cap)));
}

/** C[count, columns] = rows · headᵀ: products of packed query-side rows with the packed keys (or values) from key `from` on. */
export function scoreTile(rows: usize, head: usize, c: usize, from: i32, count: i32, columns: i32, edge: usize): void {
  const panel = <usize>(dimension * TILE_COLUMNS) * 4;
  const first = head + <usize>(from / TILE_COLUMNS) * panel;
  const rowPanel = <usize>(dimension * TILE_ROWS) * 4;
  multiplyPanels(rows, first, c, count, columns, dimension, rowPanel, panel, <usize>scoreColumns * 4, false, edge);
}
