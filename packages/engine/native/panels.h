// Packing into panels. A panel holds `kWidth` lanes (rows of A or columns of B) of some steps of the inner dimension, lane-minor:
// word (step, lane) lies at step·kWidth + lane. Missing lanes and the missing half of a last pair are zero.
#pragma once

#include "micro-kernel.h"

namespace smol {
namespace SMOL_SET {

/** Where element (k, lane) of an operand is read: at[k·depthStride + lane·laneStride]. */
struct Operand {
  const float* at;
  int64_t depthStride;
  int64_t laneStride;
};

/** The bits of x rounded to bfloat16, to nearest even, in the low half. NaN stays NaN. */
inline Words roundToBrain16(Floats x) {
  const Words bits = (Words)x;
  const Words rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  return x == x ? rounded : (Words{} + 0x7fc0u);
}

/** One word a lane of the values at step k (`even`) and, in pairs, at step k+1 (`odd`). */
template <typename Precision>
inline Words wordsFrom(Floats even, Floats odd) {
  if (Precision::kSteps == 1) return (Words)even;
  return roundToBrain16(even) | (roundToBrain16(odd) << 16);
}

/** Writes the first `lanes` lanes at `to`. */
inline void storeWords(uint32_t* to, Words words, int64_t lanes) {
  if (lanes == kLanes)
    *reinterpret_cast<LooseWords*>(to) = words;
  else
    memcpy(to, &words, lanes * sizeof(uint32_t));
}

/** A group of lanes lies side by side, or is cut in two where panels are narrower than a vector. */
template <int kWidth>
struct Target {
  uint32_t* panels;
  int64_t words;  // words of one lane in a panel

  void write(int64_t lane, int64_t step, Words values) const {
    constexpr int kPiece = kWidth < kLanes ? kWidth : kLanes;
    for (int piece = 0; piece < kLanes; piece += kPiece) {
      const int64_t at = lane + piece;
      uint32_t* to = panels + (at / kWidth * words + step) * kWidth + at % kWidth;
      if (kPiece == kLanes)
        *reinterpret_cast<LooseWords*>(to) = values;
      else
        memcpy(to, reinterpret_cast<const uint32_t*>(&values) + piece, kPiece * sizeof(uint32_t));
    }
  }
};

/** Lanes side by side in memory: whole vectors are copied. */
template <typename Precision, int kWidth>
inline void packRowWise(Operand from, const Target<kWidth>& to, int64_t lane, int64_t depth) {
  const float* x = from.at + lane;
  const int64_t stride = from.depthStride;
  int64_t k = 0;
  for (; k + Precision::kSteps <= depth; k += Precision::kSteps) {
    const Floats even = load(x + k * stride);
    const Floats odd = Precision::kSteps == 1 ? even : load(x + (k + 1) * stride);
    to.write(lane, k / Precision::kSteps, wordsFrom<Precision>(even, odd));
  }
  if (k < depth) to.write(lane, k / Precision::kSteps, wordsFrom<Precision>(load(x + k * stride), Floats{}));
}

/** Steps side by side in memory: squares are transposed. */
template <typename Precision, int kWidth>
inline void packColumnWise(Operand from, const Target<kWidth>& to, int64_t lane, int64_t depth) {
  const float* x = from.at + lane * from.laneStride;
  for (int64_t k = 0; k < depth; k += kLanes) {
    const int64_t steps = least<int64_t>(kLanes, depth - k);
    Floats square[kLanes];
    for (int i = 0; i < kLanes; i++) {
      const float* row = x + i * from.laneStride + k;
      square[i] = loadUpTo(row, steps);
    }
    transpose(square);
    for (int64_t step = 0; step < steps; step += Precision::kSteps) {
      const Floats odd = Precision::kSteps == 1 ? Floats{} : square[(step + 1) % kLanes];
      to.write(lane, (k + step) / Precision::kSteps, wordsFrom<Precision>(square[step], odd));
    }
  }
}

/** Any strides, any number of lanes up to a vector. */
template <typename Precision, int kWidth>
inline void packEach(Operand from, const Target<kWidth>& to, int64_t lane, int64_t lanes, int64_t depth) {
  for (int64_t k = 0; k < depth; k += Precision::kSteps) {
    Floats values[2] = {};
    for (int64_t step = 0; step < Precision::kSteps && k + step < depth; step++)
      for (int64_t i = 0; i < lanes; i++)
        values[step][i] = from.at[(k + step) * from.depthStride + (lane + i) * from.laneStride];
    to.write(lane, k / Precision::kSteps, wordsFrom<Precision>(values[0], values[1]));
  }
}

/** Packs `lanes` lanes of `depth` steps into as many panels as they need; the last panel is filled up with zeros. */
template <typename Precision, int kWidth>
inline void packPanels(Operand from, uint32_t* panels, int64_t lanes, int64_t depth) {
  const Target<kWidth> to{panels, wordsOf<Precision>(depth)};
  for (int64_t lane = 0; lane < roundUp(lanes, kWidth); lane += kLanes) {
    const int64_t here = most<int64_t>(0, least<int64_t>(kLanes, lanes - lane));
    if (here < kLanes)
      packEach<Precision>(from, to, lane, here, depth);
    else if (from.laneStride == 1)
      packRowWise<Precision>(from, to, lane, depth);
    else if (from.depthStride == 1)
      packColumnWise<Precision>(from, to, lane, depth);
    else
      packEach<Precision>(from, to, lane, here, depth);
  }
}

}  // namespace SMOL_SET
}  // namespace smol
