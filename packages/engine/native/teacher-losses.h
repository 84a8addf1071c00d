// Cross-entropy under a teacher's distribution, whole or cut to its likeliest ids. Sums of few terms are taken in f64.
#pragma once

#include <cmath>

#include "kernel.h"
#include "reduce.h"

namespace smol {
namespace SMOL_SET {

/** 1 − Σ below this is rounding error of f32 inputs. */
constexpr double kSmallestRest = 1e-7;

inline float rowLogSumExp(const float* x, int64_t length) {
  const float largest = largestInRow(x, length);
  const float sum = sumExponentials(x, length, largest, [](int64_t, int64_t, Floats) {});
  return largest + static_cast<float>(std::log(static_cast<double>(sum)));
}

/** loss = Σ p·(lse − z) + zLoss·lse². Writes loss and lse. Unit: one row. */
inline void softCrossEntropy(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* logits = arguments.floats();
  const float* probabilities = arguments.floats();
  float* loss = arguments.floats();
  float* logSumExps = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* z = logits + row * vocabulary;
    const float* p = probabilities + row * vocabulary;
    const float logSumExp = rowLogSumExp(z, vocabulary);
    Floats sum{};
    for (int64_t i = 0; i < vocabulary; i += kLanes) {
      const int64_t count = least<int64_t>(kLanes, vocabulary - i);
      sum += loadUpTo(p + i, count) * (logSumExp - loadUpTo(z + i, count));
    }
    logSumExps[row] = logSumExp;
    loss[row] = sumOf(sum) + zLoss * logSumExp * logSumExp;
  }
}

/** dz = dloss·(e^(z − lse)·(Σp + 2·zLoss·lse) − p). Unit: one row. */
inline void softCrossEntropyGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dloss = arguments.floats();
  const float* logits = arguments.floats();
  const float* probabilities = arguments.floats();
  const float* logSumExps = arguments.floats();
  float* dlogits = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* p = probabilities + row * vocabulary;
    float* to = dlogits + row * vocabulary;
    const float logSumExp = logSumExps[row];
    const float mass = static_cast<float>(sumInDouble(p, vocabulary, identity));
    const float coefficient = mass + 2 * zLoss * logSumExp;
    sumExponentials(logits + row * vocabulary, vocabulary, logSumExp, [&](int64_t i, int64_t count, Floats q) {
      storeUpTo(to + i, (q * coefficient - loadUpTo(p + i, count)) * dloss[row], count);
    });
  }
}

/** A row whose teacher kept few ids: what it says of all others together, beside what the logits say. */
struct Rest {
  double teacher;
  double student;
  double ratio() const { return teacher / student; }
};

/** Calls f(id, p, log q) for the kept ids of a row, and returns what they leave over. */
template <typename F>
inline Rest overKept(const float* z, const int32_t* ids, const float* logProbabilities, int64_t kept, float logSumExp, F&& f) {
  Rest rest{1, 1};
  for (int64_t slot = 0; slot < kept; slot++) {
    const double p = std::exp(static_cast<double>(logProbabilities[slot]));
    const double logQ = static_cast<double>(z[ids[slot]]) - logSumExp;
    rest.teacher -= p;
    rest.student -= std::exp(logQ);
    f(ids[slot], p, logQ);
  }
  return {most(rest.teacher, kSmallestRest), most(rest.student, kSmallestRest)};
}

/** loss = −Σ p·log q − r·log s + zLoss·lse², r = 1 − Σp and s = 1 − Σq over the kept ids. Writes loss and lse. Unit: one row. */
inline void sparseCrossEntropy(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* logits = arguments.floats();
  const int32_t* ids = arguments.integers();
  const float* logProbabilities = arguments.floats();
  float* loss = arguments.floats();
  float* logSumExps = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const int64_t kept = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* z = logits + row * vocabulary;
    const float logSumExp = rowLogSumExp(z, vocabulary);
    double sum = 0;
    const auto add = [&](int32_t, double p, double logQ) { sum -= p * logQ; };
    const Rest rest = overKept(z, ids + row * kept, logProbabilities + row * kept, kept, logSumExp, add);
    logSumExps[row] = logSumExp;
    loss[row] = static_cast<float>(sum - rest.teacher * std::log(rest.student)) + zLoss * logSumExp * logSumExp;
  }
}

/** dz = dloss·(e^(z − lse)·(1 − r/s + 2·zLoss·lse), and at kept ids + q·r/s − p). Unit: one row. */
inline void sparseCrossEntropyGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dloss = arguments.floats();
  const float* logits = arguments.floats();
  const int32_t* ids = arguments.integers();
  const float* logProbabilities = arguments.floats();
  const float* logSumExps = arguments.floats();
  float* dlogits = arguments.floats();
  const int64_t vocabulary = arguments.count();
  const int64_t kept = arguments.count();
  const float zLoss = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* z = logits + row * vocabulary;
    float* to = dlogits + row * vocabulary;
    const int32_t* rowIds = ids + row * kept;
    const float* rowLogs = logProbabilities + row * kept;
    const float logSumExp = logSumExps[row];
    const double ratio = overKept(z, rowIds, rowLogs, kept, logSumExp, [](int32_t, double, double) {}).ratio();
    const float coefficient = static_cast<float>(1 - ratio) + 2 * zLoss * logSumExp;
    sumExponentials(z, vocabulary, logSumExp, [&](int64_t i, int64_t count, Floats q) {
      storeUpTo(to + i, q * (coefficient * dloss[row]), count);
    });
    overKept(z, rowIds, rowLogs, kept, logSumExp, [&](int32_t id, double p, double logQ) {
      to[id] += static_cast<float>(std::exp(logQ) * ratio - p) * dloss[row];
    });
  }
}

}  // namespace SMOL_SET
}  // namespace smol
