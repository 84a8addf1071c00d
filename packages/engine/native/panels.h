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

#if defined(__AVX512BF16__)
/** Where the halves of two vectors side by side go when they are paired lane by lane. */
inline __m512i interleave() {
  typedef uint16_t Halves __attribute__((vector_size(64)));
  return (__m512i)Halves{0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
}
#endif

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
#if defined(__AVX512BF16__)
  const __m512i bySide = (__m512i)_mm512_cvtne2ps_pbh((__m512)odd, (__m512)even);
  return (Words)_mm512_permutexvar_epi16(interleave(), bySide);
#else
  return roundToBrain16(even) | (roundToBrain16(odd) << 16);
#endif
}

/** A vector of bfloat16, half as wide. */
typedef uint16_t Halves __attribute__((vector_size(kLanes * 2)));
typedef uint16_t LooseHalves __attribute__((vector_size(kLanes * 2), aligned(2), may_alias));

inline Halves halvesFrom(Floats x) {
#if defined(__AVX512BF16__)
  return (Halves)_mm512_cvtneps_pbh((__m512)x);
#else
  return __builtin_convertvector(roundToBrain16(x), Halves);
#endif
}

/** Rounds `steps` floats that lie side by side to bfloat16, in pairs; the missing half of a last pair is zero. */
inline void roundRow(const float* from, uint32_t* to, int64_t steps) {
  uint16_t* halves = reinterpret_cast<uint16_t*>(to);
  int64_t k = 0;
  for (; k + kLanes <= steps; k += kLanes) *reinterpret_cast<LooseHalves*>(halves + k) = halvesFrom(load(from + k));
  if (k == steps) return;
  const Halves last = halvesFrom(loadFirst(from + k, steps - k, 0));
  memcpy(halves + k, &last, roundUp(steps - k, 2) * sizeof(uint16_t));
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

/** Steps that are copied together: their rows are read in the order of memory, and each panel is written in runs. */
constexpr int64_t kRun = 32;

/** Lanes side by side in memory: whole vectors are copied. */
template <typename Precision, int kWidth>
inline void packRowWise(Operand from, const Target<kWidth>& to, int64_t lanes, int64_t depth) {
  const int64_t stride = from.depthStride;
  for (int64_t first = 0; first < depth; first += kRun)
    for (int64_t lane = 0; lane < lanes; lane += kLanes)
      for (int64_t k = first; k < least(first + kRun, depth); k += Precision::kSteps) {
        const float* x = from.at + k * stride + lane;
        const Floats odd = Precision::kSteps == 2 && k + 1 < depth ? load(x + stride) : Floats{};
        to.write(lane, k / Precision::kSteps, wordsFrom<Precision>(load(x), odd));
      }
}

/** Steps side by side in memory: squares are transposed. */
template <typename Precision, int kWidth>
inline void packColumnWise(Operand from, const Target<kWidth>& to, int64_t lane, int64_t depth) {
  const float* x = from.at + lane * from.laneStride;
  for (int64_t k = 0; k < depth; k += kLanes) {
    const int64_t steps = least<int64_t>(kLanes, depth - k);
    Floats square[kLanes];
    for (int i = 0; i < kLanes; i++) square[i] = loadUpTo(x + i * from.laneStride + k, steps);
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
  const int64_t whole = lanes / kLanes * kLanes;
  if (from.laneStride == 1) packRowWise<Precision>(from, to, whole, depth);
  for (int64_t lane = from.laneStride == 1 ? whole : 0; lane < roundUp(lanes, kWidth); lane += kLanes) {
    if (lane < whole && from.depthStride == 1)
      packColumnWise<Precision>(from, to, lane, depth);
    else
      packEach<Precision>(from, to, lane, most<int64_t>(0, least<int64_t>(kLanes, lanes - lane)), depth);
  }
}

}  // namespace SMOL_SET
}  // namespace smol
