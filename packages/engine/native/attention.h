// softmax(scale·q·kᵀ + mask)·v and its gradient without the [B, H, T, T] scores (after Dao et al. 2022).
// q [B, Tq, H, K], k and v [B, Tk, G, K]; query head h reads key/value head h / (H / G).
//
// Scores are computed transposed, Sᵀ [keys, queries]: a tile of queries (one panel of lanes) against a block of keys. Then
// the softmax runs down the lanes without crossing them, and Pᵀ is at once the packed right operand of Oᵀ = Vᵀ·Pᵀ.
#pragma once

#include <cmath>

#include "exponential.h"
#include "kernel.h"
#include "panels.h"
#include "scratch.h"

namespace smol {
namespace SMOL_SET {

/** Queries of one tile, of any head of the group. */
constexpr int64_t kTile = kPanelColumns;
/** Keys whose scores exist at once; packed, they fit the second-level cache. */
constexpr int64_t kKeyBlock = 256;
constexpr int kTileVectors = 3;

constexpr float kHidden = -__builtin_inff();

struct AttentionCall {
  int64_t queries, keys, heads, groups, dimension;
  float scale;
  bool causal;
  int64_t window;
  float softCap;
  /** Queries of one unit of work. */
  int64_t blockQueries;

  void read(Arguments& arguments) {
    queries = arguments.count();
    keys = arguments.count();
    heads = arguments.count();
    groups = arguments.count();
    dimension = arguments.count();
    scale = arguments.number();
    causal = arguments.flag();
    window = arguments.count();
    softCap = arguments.number();
    blockQueries = arguments.count();
  }

  int64_t headsPerGroup() const { return heads / groups; }
  int64_t blocks() const { return (queries + blockQueries - 1) / blockQueries; }
  int64_t queryStride() const { return heads * dimension; }
  int64_t keyStride() const { return groups * dimension; }
};

/** One unit of work: some queries of all heads of one group. Row r of it is query r % count of head r / count. */
struct Unit {
  int64_t block, group, batch, first, count;

  Unit(const AttentionCall& call, int64_t unit)
      : block(unit % call.blocks()),
        group(unit / call.blocks() % call.groups),
        batch(unit / call.blocks() / call.groups),
        first(block * call.blockQueries),
        count(least(call.blockQueries, call.queries - first)) {}

  int64_t rows(const AttentionCall& call) const { return count * call.headsPerGroup(); }
  int64_t head(const AttentionCall& call, int64_t row) const { return group * call.headsPerGroup() + row / count; }
  int64_t query(int64_t row) const { return first + row % count; }
  /** Where row r lies in q and its like, in floats. */
  int64_t offset(const AttentionCall& call, int64_t row) const {
    return ((batch * call.queries + query(row)) * call.heads + head(call, row)) * call.dimension;
  }
  /** Where row r lies in [B, H, Tq]. */
  int64_t statistic(const AttentionCall& call, int64_t row) const {
    return (batch * call.heads + head(call, row)) * call.queries + query(row);
  }
  int64_t keyOffset(const AttentionCall& call) const {
    return (batch * call.keys * call.groups + group) * call.dimension;
  }
};

/** Lanes of a tile: which row each is, where it sits among the keys, and its document. */
struct Tile {
  int64_t start, lanes;
  alignas(64) int32_t position[kTile];
  alignas(64) int32_t segment[kTile];
  int64_t firstKey, endKey;
  /** Keys below this one are visible to every lane. */
  int64_t clearEnd;

  int vectors() const { return static_cast<int>((lanes + kLanes - 1) / kLanes); }

  void set(const AttentionCall& call, const Unit& unit, const int32_t* segments, int64_t from) {
    start = from;
    lanes = least(kTile, unit.rows(call) - from);
    int64_t lowest = call.keys;
    int64_t highest = 0;
    for (int64_t lane = 0; lane < kTile; lane++) {
      const int64_t row = start + least(lane, lanes - 1);
      const int64_t at = call.keys - call.queries + unit.query(row);
      position[lane] = static_cast<int32_t>(at);
      segment[lane] = segments == nullptr ? 0 : segments[at];
      lowest = least(lowest, at);
      highest = most(highest, at);
    }
    firstKey = call.window > 0 ? most<int64_t>(0, lowest - call.window + 1) : 0;
    endKey = call.causal ? highest + 1 : call.keys;
    if (segments != nullptr) skipOtherSegments(segments);
    const bool simple = segments == nullptr && call.window == 0;
    clearEnd = !simple ? 0 : call.causal ? lowest + 1 : call.keys;
  }

  /** Moves firstKey to the first key that shares a document with any lane. */
  void skipOtherSegments(const int32_t* segments) {
    for (; firstKey < endKey; firstKey++)
      for (int64_t lane = 0; lane < lanes; lane++)
        if (segment[lane] == segments[firstKey]) return;
  }

  /** All ones in the lanes of vector j that see the key. */
  Ints visible(const AttentionCall& call, const int32_t* segments, int64_t key, int j) const {
    const int32_t index = static_cast<int32_t>(key);
    const Ints at = *reinterpret_cast<const Ints*>(position + j * kLanes);
    Ints mask = Ints{} - 1;
    if (call.causal) mask &= at >= index;
    if (call.window > 0) mask &= at - index < static_cast<int32_t>(call.window);
    if (segments != nullptr) mask &= *reinterpret_cast<const Ints*>(segment + j * kLanes) == segments[key];
    return mask;
  }
};

/** cap·tanh(x / cap), or x without a cap. */
inline Floats capped(Floats x, float cap) { return cap == 0 ? x : hyperbolicTangent(x / cap) * cap; }

/** Calls f(lane, count, offset) for up to a vector of lanes at a time whose rows follow one another: those of one head. */
template <typename F>
inline void overLanes(const AttentionCall& call, const Unit& unit, const Tile& tile, F&& f) {
  for (int64_t lane = 0, count; lane < tile.lanes; lane += count) {
    const int64_t row = tile.start + lane;
    count = least(least<int64_t>(kLanes, tile.lanes - lane), unit.count - row % unit.count);
    f(lane, count, unit.offset(call, row));
  }
}

/** Gathers one row a lane of [.., K] tensors into a panel [K, kTile]; lanes that are not there are zero. */
inline void packTile(const AttentionCall& call, const Unit& unit, const Tile& tile, const float* x, float* panel) {
  overLanes(call, unit, tile, [&](int64_t lane, int64_t count, int64_t offset) {
    for (int64_t k = 0; k < call.dimension; k += kLanes)
      transposeSquare(x + offset + k, call.queryStride(), count, least<int64_t>(kLanes, call.dimension - k),
                      panel + k * kTile + lane, kTile);
  });
  if (tile.lanes == kTile) return;
  for (int64_t k = 0; k < call.dimension; k++)
    memset(panel + k * kTile + tile.lanes, 0, (kTile - tile.lanes) * sizeof(float));
}

/** The inverse: writes panel [K, kTile] to one row a lane. */
inline void unpackTile(const AttentionCall& call, const Unit& unit, const Tile& tile, const float* panel, float* x) {
  overLanes(call, unit, tile, [&](int64_t lane, int64_t count, int64_t offset) {
    for (int64_t k = 0; k < call.dimension; k += kLanes)
      transposeSquare(panel + k * kTile + lane, kTile, least<int64_t>(kLanes, call.dimension - k), count,
                      x + offset + k, call.queryStride());
  });
}

/**
 * C[rows, tile] (+)= A·B, panels of A against one panel of B, only the vectors that hold lanes. The panels of A were packed with
 * `panelDepth` steps, of which the first `depth` count.
 */
inline void multiplyTileColumns(const uint32_t* a, int64_t panelDepth, const float* b, int64_t depth, float* c,
                                int64_t rows, int vectors, bool accumulate) {
  for (int64_t row = 0; row < rows; row += kPanelRows)
    multiplyTile<SinglePrecision>(PackedRows{a + row * panelDepth}, reinterpret_cast<const uint32_t*>(b), depth, c + row * kTile, kTile,
                                  accumulate, least<int64_t>(kPanelRows, rows - row), vectors * kLanes);
}

/** Words of one packed block of keys as rows of A, and of the head dimension as rows of A. */
inline int64_t wordsOfKeys(const AttentionCall& call) { return roundUp(kKeyBlock, kLanes) * call.dimension; }
inline int64_t wordsAcross(const AttentionCall& call) {
  return kKeyBlock * roundUp(call.dimension, most(kLanes, kPanelRows));
}

/** Packs keys as rows of A: element (key, k), depth K. */
inline void packKeys(const AttentionCall& call, const float* x, int64_t from, int64_t end, uint32_t* blocks) {
  const int64_t size = wordsOfKeys(call);
  for (int64_t key = from / kKeyBlock * kKeyBlock; key < end; key += kKeyBlock) {
    const Operand rows{x + key * call.keyStride(), 1, call.keyStride()};
    packPanels<SinglePrecision, kPanelRows>(rows, blocks + key / kKeyBlock * size, least(kKeyBlock, call.keys - key),
                                            call.dimension);
  }
}

/** Packs the head dimension as rows of A: element (k, key), depth one block of keys. */
inline void packAcross(const AttentionCall& call, const float* x, int64_t from, int64_t end, uint32_t* blocks) {
  const int64_t size = wordsAcross(call);
  for (int64_t key = from / kKeyBlock * kKeyBlock; key < end; key += kKeyBlock) {
    const Operand rows{x + key * call.keyStride(), call.keyStride(), 1};
    packPanels<SinglePrecision, kPanelRows>(rows, blocks + key / kKeyBlock * size, call.dimension,
                                            least(kKeyBlock, call.keys - key));
  }
}

/** Keys a unit may see: [from, end). */
inline void reachOf(const AttentionCall& call, const Unit& unit, int64_t* from, int64_t* end) {
  const int64_t first = call.keys - call.queries + unit.first;
  *from = call.window > 0 ? most<int64_t>(0, first - call.window + 1) : 0;
  *end = call.causal ? first + unit.count : call.keys;
}

/** Running softmax of one tile. */
struct Softmax {
  alignas(64) float maximum[kTile];
  alignas(64) float sum[kTile];
  /** Largest scaled score before the cap. */
  alignas(64) float largest[kTile];
};

/** Scales, caps and masks scores [keys, tile] in place, and takes their maxima. */
inline void maskScores(const AttentionCall& call, const Tile& tile, const int32_t* segments, int64_t key, int64_t count,
                       float* scores, int j, Floats* maximum, Floats* largest) {
  for (int64_t i = 0; i < count; i++) {
    float* at = scores + i * kTile + j * kLanes;
    const Floats raw = load(at) * call.scale;
    Floats logit = capped(raw, call.softCap);
    Floats seen = raw;
    if (key + i >= tile.clearEnd) {
      const Ints mask = tile.visible(call, segments, key + i, j);
      logit = mask ? logit : splat(kHidden);
      seen = mask ? raw : splat(kHidden);
    }
    *largest = larger(seen, *largest);
    *maximum = larger(logit, *maximum);
    store(at, logit);
  }
}

/** Turns the scores of one block of keys into weights, and rescales what was summed before. */
inline void softmaxBlock(const AttentionCall& call, const Tile& tile, const int32_t* segments, int64_t key,
                         int64_t count, float* scores, float* output, Softmax* softmax) {
  for (int j = 0; j < tile.vectors(); j++) {
    const Floats before = load(softmax->maximum + j * kLanes);
    Floats maximum = before;
    Floats largest = load(softmax->largest + j * kLanes);
    maskScores(call, tile, segments, key, count, scores, j, &maximum, &largest);
    // A lane that has seen no key yet has no maximum; 0 in its place keeps −∞ − −∞ away.
    const Floats shift = maximum == kHidden ? Floats{} : maximum;
    const Floats shrink = exponential(before - shift);
    Floats sum = load(softmax->sum + j * kLanes) * shrink;
    for (int64_t i = 0; i < count; i++) {
      float* at = scores + i * kTile + j * kLanes;
      const Floats weight = exponential(load(at) - shift);
      sum += weight;
      store(at, weight);
    }
    for (int64_t k = 0; k < call.dimension; k++) {
      float* at = output + k * kTile + j * kLanes;
      store(at, load(at) * shrink);
    }
    store(softmax->maximum + j * kLanes, maximum);
    store(softmax->largest + j * kLanes, largest);
    store(softmax->sum + j * kLanes, sum);
  }
}

/** Divides by the sums, and writes the log of the denominators. */
inline void finishSoftmax(const AttentionCall& call, const Unit& unit, const Tile& tile, const Softmax& softmax,
                          float* output, float* logSumExp) {
  for (int64_t k = 0; k < call.dimension; k++)
    for (int j = 0; j < tile.vectors(); j++) {
      float* at = output + k * kTile + j * kLanes;
      store(at, load(at) / load(softmax.sum + j * kLanes));
    }
  for (int64_t lane = 0; lane < tile.lanes; lane++)
    logSumExp[unit.statistic(call, tile.start + lane)] =
        softmax.maximum[lane] + static_cast<float>(std::log(static_cast<double>(softmax.sum[lane])));
}

/** Writes the output, the log of the softmax's denominator [B, H, Tq], and the largest logit of each block [B, H, blocks]. */
inline void attention(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* q = arguments.floats();
  const float* k = arguments.floats();
  const float* v = arguments.floats();
  const int32_t* allSegments = arguments.integers();
  float* output = arguments.floats();
  float* logSumExp = arguments.floats();
  float* maxima = arguments.floats();
  AttentionCall call;
  call.read(arguments);
  const int64_t keyBlocks = (call.keys + kKeyBlock - 1) / kKeyBlock;
  uint32_t *keyRows, *valuesAcross;
  float *queryPanel, *scores, *outputPanel;
  const auto cut = [&](Layout layout) {
    keyRows = layout.take<uint32_t>(keyBlocks * wordsOfKeys(call));
    valuesAcross = layout.take<uint32_t>(keyBlocks * wordsAcross(call));
    queryPanel = layout.take<float>(call.dimension * kTile);
    scores = layout.take<float>(kKeyBlock * kTile);
    outputPanel = layout.take<float>(call.dimension * kTile);
    return layout.size();
  };
  cut(Layout(threadScratch().reserve(cut(Layout()))));
  for (int64_t index = begin; index < end; index++) {
    const Unit unit(call, index);
    const int32_t* segments = allSegments == nullptr ? nullptr : allSegments + unit.batch * call.keys;
    int64_t from, stop;
    reachOf(call, unit, &from, &stop);
    packKeys(call, k + unit.keyOffset(call), from, stop, keyRows);
    packAcross(call, v + unit.keyOffset(call), from, stop, valuesAcross);
    for (int64_t head = 0; head < call.headsPerGroup(); head++)
      maxima[(unit.batch * call.heads + unit.group * call.headsPerGroup() + head) * call.blocks() + unit.block] = kHidden;
    for (int64_t start = 0; start < unit.rows(call); start += kTile) {
      Tile tile;
      tile.set(call, unit, segments, start);
      Softmax softmax;
      for (int64_t lane = 0; lane < kTile; lane++) {
        softmax.maximum[lane] = softmax.largest[lane] = kHidden;
        softmax.sum[lane] = 0;
      }
      packTile(call, unit, tile, q, queryPanel);
      memset(outputPanel, 0, call.dimension * kTile * sizeof(float));
      for (int64_t key = tile.firstKey / kKeyBlock * kKeyBlock; key < tile.endKey; key += kKeyBlock) {
        const int64_t count = least(kKeyBlock, tile.endKey - key);
        const int64_t packed = least(kKeyBlock, call.keys - key);
        const int64_t block = key / kKeyBlock;
        multiplyTileColumns(keyRows + block * wordsOfKeys(call), call.dimension, queryPanel,
                            call.dimension, scores, count, tile.vectors(), false);
        softmaxBlock(call, tile, segments, key, count, scores, outputPanel, &softmax);
        multiplyTileColumns(valuesAcross + block * wordsAcross(call), packed, scores, count,
                            outputPanel, call.dimension, tile.vectors(), true);
      }
      finishSoftmax(call, unit, tile, softmax, outputPanel, logSumExp);
      unpackTile(call, unit, tile, outputPanel, output);
      for (int64_t lane = 0; lane < tile.lanes; lane++) {
        float* largest = maxima + (unit.batch * call.heads + unit.head(call, start + lane)) * call.blocks() + unit.block;
        *largest = most(*largest, softmax.largest[lane]);
      }
    }
  }
}

}  // namespace SMOL_SET
}  // namespace smol
