// Gradient of attention: probabilities are computed again from the saved log of the denominator, one tile and block at a time.
// With P the probabilities, δᵢ = dOᵢ·Oᵢ, dP = dO·Vᵀ: dS = P∘(dP − δ), dQ = scale·dS·K, dK = scale·dSᵀ·Q, dV = Pᵀ·dO.
// Unit of work: some queries of all heads of one group. Each block of queries has dK and dV of its own, which are added in the end
// in the order of the blocks, so that results do not depend on the number of threads.
#pragma once

#include "attention.h"

namespace smol {
namespace SMOL_SET {

/** What a thread needs for one unit. */
struct GradientScratch {
  uint32_t *keyRows, *valueRows, *keysAcross;
  float *queryPanel, *dyPanel, *queriesAcross, *dyAcross, *outputPanel, *weights, *dscores, *dqPanel;

  size_t cut(const AttentionCall& call, Layout layout) {
    const int64_t keyBlocks = (call.keys + kKeyBlock - 1) / kKeyBlock;
    const int64_t panel = call.dimension * kTile;
    const int64_t across = kTile * roundUp(call.dimension, kPanelColumns);
    keyRows = layout.take<uint32_t>(keyBlocks * wordsOfKeys(call));
    valueRows = layout.take<uint32_t>(keyBlocks * wordsOfKeys(call));
    keysAcross = layout.take<uint32_t>(keyBlocks * wordsAcross(call));
    queryPanel = layout.take<float>(panel);
    dyPanel = layout.take<float>(panel);
    outputPanel = layout.take<float>(panel);
    dqPanel = layout.take<float>(panel);
    queriesAcross = layout.take<float>(across);
    dyAcross = layout.take<float>(across);
    weights = layout.take<float>(kKeyBlock * kTile);
    dscores = layout.take<float>(kKeyBlock * kTile);
    return layout.size();
  }
};

/** Packs the rows of a tile as steps of B with the head dimension as columns. */
inline void packTileAcross(const AttentionCall& call, const Unit& unit, const Tile& tile, const float* x, float* panels) {
  memset(panels, 0, kTile * roundUp(call.dimension, kPanelColumns) * sizeof(float));
  for (int64_t lane = 0; lane < tile.lanes; lane++) {
    const float* row = x + unit.offset(call, tile.start + lane);
    for (int64_t column = 0; column < call.dimension; column += kPanelColumns)
      memcpy(panels + column * tile.lanes + lane * kPanelColumns, row + column,
             least<int64_t>(kPanelColumns, call.dimension - column) * sizeof(float));
  }
}

/** Statistics of the lanes of a tile. */
struct TileStatistics {
  alignas(64) float logSumExp[kTile];
  alignas(64) float delta[kTile];
};

/** Per lane: the log of its denominator, and dO·O. */
inline void readStatistics(const AttentionCall& call, const Unit& unit, const Tile& tile, const float* logSumExp,
                           const GradientScratch& at, TileStatistics* statistics) {
  for (int64_t lane = 0; lane < kTile; lane++)
    statistics->logSumExp[lane] = logSumExp[unit.statistic(call, tile.start + least(lane, tile.lanes - 1))];
  for (int j = 0; j < kTileVectors; j++) {
    Floats sum{};
    for (int64_t k = 0; k < call.dimension; k++)
      sum += load(at.dyPanel + k * kTile + j * kLanes) * load(at.outputPanel + k * kTile + j * kLanes);
    store(statistics->delta + j * kLanes, sum);
  }
}

/** Turns the scores of a block into P (`weights`) and dP into scale·dS (`dscores`). */
inline void differentiate(const AttentionCall& call, const Tile& tile, const int32_t* segments, int64_t key,
                          int64_t count, const GradientScratch& at, const TileStatistics& statistics) {
  for (int j = 0; j < tile.vectors(); j++) {
    const Floats logSumExp = load(statistics.logSumExp + j * kLanes);
    const Floats delta = load(statistics.delta + j * kLanes);
    for (int64_t i = 0; i < count; i++) {
      float* weight = at.weights + i * kTile + j * kLanes;
      float* dscore = at.dscores + i * kTile + j * kLanes;
      const Floats logit = capped(load(weight) * call.scale, call.softCap);
      Floats p = exponential(logit - logSumExp);
      if (key + i >= tile.clearEnd) p = tile.visible(call, segments, key + i, j) ? p : Floats{};
      Floats ds = p * (load(dscore) - delta);
      if (call.softCap != 0) {
        const Floats tanh = logit / call.softCap;  // d capped / d logit = 1 − tanh²
        ds *= 1.0f - tanh * tanh;
      }
      store(weight, p);
      store(dscore, ds * call.scale);
    }
  }
}

/** gradient[keys, K] += Sᵀ·X for one block: Sᵀ [keys, tile] as rows of A where they lie (a block has room for whole panels), X packed across. */
inline void addKeyGradient(const AttentionCall& call, const Tile& tile, int64_t count, const float* scores,
                           const float* across, float* gradient) {
  const PlainRows rows{scores, kTile};
  for (int64_t column = 0; column < call.dimension; column += kPanelColumns) {
    const uint32_t* panel = reinterpret_cast<const uint32_t*>(across) + column * tile.lanes;
    const int64_t wide = least<int64_t>(kPanelColumns, call.dimension - column);
    for (int64_t row = 0; row < count; row += kPanelRows)
      multiplyTile<SinglePrecision>(rows.from(row), panel, tile.lanes, gradient + row * call.keyStride() + column,
                                    call.keyStride(), true, least<int64_t>(kPanelRows, count - row), wide);
  }
}

inline void clearKeys(const AttentionCall& call, float* gradient) {
  for (int64_t key = 0; key < call.keys; key++)
    memset(gradient + key * call.keyStride(), 0, call.dimension * sizeof(float));
}

/** `dkBlocks` and `dvBlocks` are [blocks, B, Tk, G, K]. */
inline void attentionGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dy = arguments.floats();
  const float* q = arguments.floats();
  const float* k = arguments.floats();
  const float* v = arguments.floats();
  const float* output = arguments.floats();
  const float* logSumExp = arguments.floats();
  const int32_t* allSegments = arguments.integers();
  float* dq = arguments.floats();
  float* dkBlocks = arguments.floats();
  float* dvBlocks = arguments.floats();
  AttentionCall call;
  call.read(arguments);
  const int64_t keySize = arguments.count();  // elements of k
  GradientScratch at;
  at.cut(call, Layout(threadScratch().reserve(at.cut(call, Layout()))));
  for (int64_t index = begin; index < end; index++) {
    const Unit unit(call, index);
    const int32_t* segments = allSegments == nullptr ? nullptr : allSegments + unit.batch * call.keys;
    float* dk = dkBlocks + unit.block * keySize + unit.keyOffset(call);
    float* dv = dvBlocks + unit.block * keySize + unit.keyOffset(call);
    int64_t from, stop;
    reachOf(call, unit, &from, &stop);
    packKeys(call, k + unit.keyOffset(call), from, stop, at.keyRows);
    packKeys(call, v + unit.keyOffset(call), from, stop, at.valueRows);
    packAcross(call, k + unit.keyOffset(call), from, stop, at.keysAcross);
    clearKeys(call, dk);
    clearKeys(call, dv);
    for (int64_t start = 0; start < unit.rows(call); start += kTile) {
      Tile tile;
      tile.set(call, unit, segments, start);
      packTile(call, unit, tile, q, at.queryPanel);
      packTile(call, unit, tile, dy, at.dyPanel);
      packTile(call, unit, tile, output, at.outputPanel);
      packTileAcross(call, unit, tile, q, at.queriesAcross);
      packTileAcross(call, unit, tile, dy, at.dyAcross);
      TileStatistics statistics;
      readStatistics(call, unit, tile, logSumExp, at, &statistics);
      memset(at.dqPanel, 0, call.dimension * kTile * sizeof(float));
      for (int64_t key = tile.firstKey / kKeyBlock * kKeyBlock; key < tile.endKey; key += kKeyBlock) {
        const int64_t count = least(kKeyBlock, tile.endKey - key);
        const int64_t packed = least(kKeyBlock, call.keys - key);
        const int64_t block = key / kKeyBlock;
        const int64_t rows = block * wordsOfKeys(call);
        multiplyTileColumns(at.keyRows + rows, call.dimension, at.queryPanel, call.dimension, at.weights, count,
                            tile.vectors(), false);
        multiplyTileColumns(at.valueRows + rows, call.dimension, at.dyPanel, call.dimension, at.dscores, count,
                            tile.vectors(), false);
        differentiate(call, tile, segments, key, count, at, statistics);
        multiplyTileColumns(at.keysAcross + block * wordsAcross(call), packed, at.dscores, count, at.dqPanel,
                            call.dimension, tile.vectors(), true);
        addKeyGradient(call, tile, count, at.dscores, at.queriesAcross, dk + key * call.keyStride());
        addKeyGradient(call, tile, count, at.weights, at.dyAcross, dv + key * call.keyStride());
      }
      unpackTile(call, unit, tile, at.dqPanel, dq);
    }
  }
}

}  // namespace SMOL_SET
}  // namespace smol
