// Sums over one dimension, softmax and the losses that rest on it. Every output is summed in one fixed order by one thread.
#pragma once

#include <cmath>

#include "exponential.h"
#include "kernel.h"
#include "rows.h"

namespace smol {
namespace SMOL_SET {

/** Elements of one partial sum when a whole tensor is summed: fixed, so that the result does not depend on the threads. */
constexpr int64_t kSumBlock = 4096;

/** Σ f(x) over a row, in f64. */
template <typename F>
inline double sumInDouble(const float* x, int64_t length, F&& f) {
  double sums[8] = {};
  int64_t i = 0;
  for (; i + 8 <= length; i += 8)
    for (int lane = 0; lane < 8; lane++) sums[lane] += f(static_cast<double>(x[i + lane]));
  double total = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; i < length; i++) total += f(static_cast<double>(x[i]));
  return total;
}

inline double identity(double x) { return x; }
inline double squared(double x) { return x * x; }

/** y[row] = Σ x[row, :]. Unit: one row. */
inline void sumRows(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  float* y = arguments.floats();
  const int64_t length = arguments.count();
  for (int64_t row = begin; row < end; row++)
    y[row] = static_cast<float>(sumInDouble(x + row * length, length, identity));
}

/** y[outer, inner] = Σ over the middle of x[outer, length, inner]. Unit: up to 16 neighbouring outputs of one outer index. */
inline void sumColumns(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  float* y = arguments.floats();
  const int64_t length = arguments.count();
  const int64_t inner = arguments.count();
  const int64_t groups = (inner + 15) / 16;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t column = unit % groups * 16;
    const int64_t count = least<int64_t>(16, inner - column);
    const float* from = x + unit / groups * length * inner + column;
    float* to = y + unit / groups * inner + column;
    overRow(count, [&](int64_t i, int64_t wide) {
      Floats sum{};
      for (int64_t row = 0; row < length; row++) sum += loadUpTo(from + row * inner + i, wide);
      storeUpTo(to + i, sum, wide);
    });
  }
}

template <typename F>
inline void sumEachBlock(int64_t begin, int64_t end, const double* values, F&& f) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  double* partial = arguments.doubles();
  const int64_t size = arguments.count();
  for (int64_t block = begin; block < end; block++) {
    const int64_t from = block * kSumBlock;
    partial[block] = sumInDouble(x + from, least(kSumBlock, size - from), f);
  }
}

/** partial[block] = Σ of one block of 4096 elements, in f64. Unit: one block. */
inline void sumBlocks(int64_t begin, int64_t end, const double* values) { sumEachBlock(begin, end, values, identity); }

/** partial[block] = Σ x² of one block of 4096 elements, in f64. Unit: one block. */
inline void squareBlocks(int64_t begin, int64_t end, const double* values) { sumEachBlock(begin, end, values, squared); }

/** y = Σ partial, in order. */
inline void sumPartials(int64_t, int64_t, const double* values) {
  Arguments arguments(values);
  const double* partial = arguments.doubles();
  float* y = arguments.floats();
  const int64_t blocks = arguments.count();
  double total = 0;
  for (int64_t block = 0; block < blocks; block++) total += partial[block];
  *y = static_cast<float>(total);
}

inline float largestInRow(const float* x, int64_t length) {
  Floats largest = splat(-__builtin_inff());
  int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) largest = larger(load(x + i), largest);
  if (i < length) largest = larger(loadFirst(x + i, length - i, -__builtin_inff()), largest);
  return largestOf(largest);
}

/** Calls f(index, lanes, e^(x − shift)) for a row, and returns the sum of what f is given. */
template <typename F>
inline float sumExponentials(const float* x, int64_t length, float shift, F&& f) {
  Floats sum{};
  for (int64_t i = 0; i < length; i += kLanes) {
    const int64_t count = least<int64_t>(kLanes, length - i);
    const Floats logit = count == kLanes ? load(x + i) : loadFirst(x + i, count, -__builtin_inff());
    const Floats weight = exponential(logit - shift);
    f(i, count, weight);
    sum += weight;
  }
  return sumOf(sum);
}

/** y[row] = softmax(x[row]). Unit: one row. */
inline void softmaxRows(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  float* y = arguments.floats();
  const int64_t length = arguments.count();
  for (int64_t row = begin; row < end; row++) {
    const float* from = x + row * length;
    float* to = y + row * length;
    const float total = sumExponentials(from, length, largestInRow(from, length),
                                        [&](int64_t i, int64_t count, Floats weight) { storeUpTo(to + i, weight, count); });
    for (int64_t i = 0; i < length; i++) to[i] /= total;
  }
}

/** loss = lse − logit[target] + z·lse², lse = log Σ e^logit (z-loss: PaLM, Chowdhery et al. 2022). Unit: one row. */
inline void crossEntropy(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* logits = arguments.floats();
  const int32_t* targets = arguments.integers();
  float* loss = arguments.floats();
  float* logSumExps = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const int64_t ignored = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* from = logits + row * vocabulary;
    const float largest = largestInRow(from, vocabulary);
    const float sum = sumExponentials(from, vocabulary, largest, [](int64_t, int64_t, Floats) {});
    const float logSumExp = largest + static_cast<float>(std::log(static_cast<double>(sum)));
    logSumExps[row] = logSumExp;
    loss[row] = targets[row] == ignored ? 0 : logSumExp - from[targets[row]] + zLoss * logSumExp * logSumExp;
  }
}

/** dlogit = dloss·(e^(logit − lse)·(1 + 2·z·lse) − [is target]); 0 in ignored rows. Unit: one row. */
inline void crossEntropyGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dloss = arguments.floats();
  const float* logits = arguments.floats();
  const int32_t* targets = arguments.integers();
  const float* logSumExps = arguments.floats();
  float* dlogits = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const int64_t ignored = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    float* to = dlogits + row * vocabulary;
    if (targets[row] == ignored) {
      memset(to, 0, vocabulary * sizeof(float));
      continue;
    }
    const float logSumExp = logSumExps[row];
    const float factor = dloss[row] * (1 + 2 * zLoss * logSumExp);
    sumExponentials(logits + row * vocabulary, vocabulary, logSumExp, [&](int64_t i, int64_t count, Floats weight) {
      storeUpTo(to + i, weight * factor, count);
    });
    to[targets[row]] -= dloss[row];
  }
}

}  // namespace SMOL_SET
}  // namespace smol
