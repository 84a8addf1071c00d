// Functions of one or two tensors, element by element. Unit of work: 16 elements (64 bytes, the grain of the heap),
// so the last unit may run over the end of a tensor into its own padding.
#pragma once

#include <cmath>

#include "exponential.h"
#include "kernel.h"

namespace smol {
namespace SMOL_SET {

constexpr int64_t kUnit = 16;

inline Floats squareRoot(Floats x) {
  Floats y;
  for (int i = 0; i < kLanes; i++) y[i] = __builtin_sqrtf(x[i]);
  return y;
}

// The numbers are shared with src/kernels/elementwise.ts.
inline Floats applyUnary(int64_t operation, Floats x) {
  const Floats zero{};
  switch (operation) {
    case 0:
      return -x;
    case 1:
      return x * x;
    case 2:
      return squareRoot(x);
    case 3:
      return 1.0f / squareRoot(x);
    case 4:
      return exponential(x);
    case 5:
      return sigmoid(x);
    case 6:
      return x < zero ? zero : x;  // keeps NaN
    case 7:
      return (Floats)((Ints)x & 0x7fffffff);
    case 8:
      return 1.0f / x;
    case 9:
      return hyperbolicTangent(x);
    default:
      // 1 where x > 0, NaN where x is NaN, else 0.
      return x > zero ? splat(1) : (x == x ? zero : x);
  }
}

/** y = operation(x) */
inline void unary(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const int64_t operation = arguments.count();
  const float* x = arguments.floats();
  float* y = arguments.floats();
  for (int64_t i = begin * kUnit; i < end * kUnit; i += kLanes) store(y + i, applyUnary(operation, load(x + i)));
}

inline Floats applyBinary(int64_t operation, Floats a, Floats b) {
  switch (operation) {
    case 0:
      return a + b;
    case 1:
      return a - b;
    case 2:
      return a * b;
    case 3:
      return a / b;
    case 4:
      return a != a ? a : (b > a ? b : (b == b ? a : b));
    default:
      return a != a ? a : (b < a ? b : (b == b ? a : b));
  }
}

/** c = a ∘ b for tensors of the same shape. */
inline void binary(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const int64_t operation = arguments.count();
  const float* a = arguments.floats();
  const float* b = arguments.floats();
  float* c = arguments.floats();
  for (int64_t i = begin * kUnit; i < end * kUnit; i += kLanes)
    store(c + i, applyBinary(operation, load(a + i), load(b + i)));
}

inline void binaryRow(int64_t operation, const float* a, bool aRepeats, const float* b, bool bRepeats, float* c,
                      int64_t length) {
  for (int64_t i = 0; i < length; i += kLanes) {
    const int64_t count = least<int64_t>(kLanes, length - i);
    const Floats left = aRepeats ? splat(*a) : loadUpTo(a + i, count);
    const Floats right = bRepeats ? splat(*b) : loadUpTo(b + i, count);
    storeUpTo(c + i, applyBinary(operation, left, right), count);
  }
}

/**
 * c = a ∘ b with broadcasting over at most four dimensions [d0, d1, d2, length]. Unit: one row of `length` elements.
 * Strides count elements; a stride of 0 repeats the operand, the last one of each operand is 0 or 1.
 */
inline void binaryBroadcast(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const int64_t operation = arguments.count();
  const float* a = arguments.floats();
  const float* b = arguments.floats();
  float* c = arguments.floats();
  const int64_t d1 = arguments.count();
  const int64_t d2 = arguments.count();
  const int64_t length = arguments.count();
  int64_t aStrides[4];
  int64_t bStrides[4];
  for (int64_t& stride : aStrides) stride = arguments.count();
  for (int64_t& stride : bStrides) stride = arguments.count();
  for (int64_t row = begin; row < end; row++) {
    const int64_t at[3] = {row / d2 / d1, row / d2 % d1, row % d2};
    const float* left = a + at[0] * aStrides[0] + at[1] * aStrides[1] + at[2] * aStrides[2];
    const float* right = b + at[0] * bStrides[0] + at[1] * bStrides[1] + at[2] * bStrides[2];
    binaryRow(operation, left, aStrides[3] == 0, right, bStrides[3] == 0, c + row * length, length);
  }
}

/** y = silu(gate)·up, silu(g) = g·σ(g) (Shazeer 2020). */
inline void swiglu(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* gate = arguments.floats();
  const float* up = arguments.floats();
  float* y = arguments.floats();
  for (int64_t i = begin * kUnit; i < end * kUnit; i += kLanes) {
    const Floats g = load(gate + i);
    store(y + i, g * sigmoid(g) * load(up + i));
  }
}

/** dup = dy·silu(g); dgate = dy·up·σ(g)·(1 + g·(1 − σ(g))). */
inline void swigluGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dy = arguments.floats();
  const float* gate = arguments.floats();
  const float* up = arguments.floats();
  float* dgate = arguments.floats();
  float* dup = arguments.floats();
  for (int64_t i = begin * kUnit; i < end * kUnit; i += kLanes) {
    const Floats d = load(dy + i);
    const Floats g = load(gate + i);
    const Floats s = sigmoid(g);
    store(dup + i, d * (g * s));
    store(dgate + i, d * load(up + i) * (s * (1.0f + g * (1.0f - s))));
  }
}

/**
 * AdamW with decoupled weight decay (Loshchilov & Hutter 2019):
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; W ← W·decay − rate·(m/c₁)/(√(v/c₂) + ε), with decay = 1 − rate·λ.
 */
inline void adamw(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* weight = arguments.floats();
  const float* m = arguments.floats();
  const float* v = arguments.floats();
  const float* gradient = arguments.floats();
  float* newWeight = arguments.floats();
  float* newM = arguments.floats();
  float* newV = arguments.floats();
  const float rate = arguments.number();
  const float beta1 = arguments.number();
  const float beta2 = arguments.number();
  const float rest1 = arguments.number();
  const float rest2 = arguments.number();
  const float epsilon = arguments.number();
  const float decay = arguments.number();
  const float correction1 = arguments.number();
  const float correction2 = arguments.number();
  for (int64_t i = begin * kUnit; i < end * kUnit; i += kLanes) {
    const Floats g = load(gradient + i);
    const Floats first = load(m + i) * beta1 + g * rest1;
    const Floats second = load(v + i) * beta2 + g * g * rest2;
    const Floats update = (first / correction1) / (squareRoot(second / correction2) + epsilon);
    store(newM + i, first);
    store(newV + i, second);
    store(newWeight + i, load(weight + i) * decay - update * rate);
  }
}

}  // namespace SMOL_SET
}  // namespace smol
