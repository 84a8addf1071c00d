// One vector register of floats, in the vector extension that GCC and Clang share: the same source compiles to AVX-512, AVX2 and
// NEON. Everything lives in a namespace per instruction set, so that the linker never takes one set's code for another's.
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#if defined(__AVX512F__)
#define SMOL_LANES 16
#elif defined(__AVX2__)
#define SMOL_LANES 8
#else
#define SMOL_LANES 4
#endif

namespace smol {
namespace SMOL_SET {

constexpr int kLanes = SMOL_LANES;

typedef float Floats __attribute__((vector_size(kLanes * 4)));
typedef int32_t Ints __attribute__((vector_size(kLanes * 4)));
typedef uint32_t Words __attribute__((vector_size(kLanes * 4)));
// The same at any multiple of four bytes.
typedef float LooseFloats __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
typedef uint32_t LooseWords __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));

template <typename T>
inline T least(T a, T b) {
  return b < a ? b : a;
}

template <typename T>
inline T most(T a, T b) {
  return a < b ? b : a;
}

inline int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

inline Floats load(const float* from) { return *reinterpret_cast<const LooseFloats*>(from); }
inline void store(float* to, Floats x) { *reinterpret_cast<LooseFloats*>(to) = x; }
inline Floats splat(float x) { return Floats{} + x; }

/** The first `count` lanes, the others `fill`. */
inline Floats loadFirst(const float* from, int64_t count, float fill) {
  Floats x = splat(fill);
  memcpy(&x, from, count * sizeof(float));
  return x;
}

inline void storeFirst(float* to, Floats x, int64_t count) { memcpy(to, &x, count * sizeof(float)); }

/** The same for any count up to a whole vector, which is the usual case and the fast one. */
inline Floats loadUpTo(const float* from, int64_t count) { return count == kLanes ? load(from) : loadFirst(from, count, 0); }

inline void storeUpTo(float* to, Floats x, int64_t count) {
  if (count == kLanes)
    store(to, x);
  else
    storeFirst(to, x, count);
}

inline Floats larger(Floats a, Floats b) { return a > b ? a : b; }

/** Sum of the lanes, always in the same order: halves onto halves. */
inline float sumOf(Floats x) {
  float lanes[kLanes];
  memcpy(lanes, &x, sizeof x);
  for (int width = kLanes / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
  return lanes[0];
}

inline float largestOf(Floats x) {
  float result = x[0];
  for (int i = 1; i < kLanes; i++) result = most(result, x[i]);
  return result;
}

template <int kStep, bool kHigh, int... kLane>
inline Floats exchange(Floats a, Floats b, std::integer_sequence<int, kLane...>) {
  return kHigh ? __builtin_shufflevector(a, b, ((kLane & kStep) ? kLanes + kLane : kLane + kStep)...)
               : __builtin_shufflevector(a, b, ((kLane & kStep) ? kLanes + kLane - kStep : kLane)...);
}

template <int kStep>
inline void exchangeAll(Floats (&rows)[kLanes]) {
  constexpr auto lanes = std::make_integer_sequence<int, kLanes>();
  for (int i = 0; i < kLanes; i++) {
    if (i & kStep) continue;
    const Floats a = rows[i];
    const Floats b = rows[i + kStep];
    rows[i] = exchange<kStep, false>(a, b, lanes);
    rows[i + kStep] = exchange<kStep, true>(a, b, lanes);
  }
}

/** Transposes a square of one vector a row: swaps blocks of 1, 2, 4, … lanes between rows that far apart. */
inline void transpose(Floats (&rows)[kLanes]) {
  exchangeAll<1>(rows);
  exchangeAll<2>(rows);
#if SMOL_LANES >= 8
  exchangeAll<4>(rows);
#endif
#if SMOL_LANES >= 16
  exchangeAll<8>(rows);
#endif
}

/** to[column][row] = from[row][column] for up to a square; rows and columns that are not there are not touched. */
inline void transposeSquare(const float* from, int64_t fromStride, int64_t rows, int64_t columns, float* to, int64_t toStride) {
  Floats square[kLanes];
  if (rows == kLanes && columns == kLanes) {
    for (int i = 0; i < kLanes; i++) square[i] = load(from + i * fromStride);
    transpose(square);
    for (int i = 0; i < kLanes; i++) store(to + i * toStride, square[i]);
    return;
  }
  for (int i = 0; i < kLanes; i++) square[i] = i < rows ? loadUpTo(from + i * fromStride, columns) : Floats{};
  transpose(square);
  for (int64_t i = 0; i < columns; i++) storeUpTo(to + i * toStride, square[i], rows);
}

}  // namespace SMOL_SET
}  // namespace smol
