// RMS normalisation and rotary embedding: kernels that go through a tensor row by row.
#pragma once

#include <cmath>

#include "kernel.h"
#include "vector.h"

namespace smol {
namespace SMOL_SET {

/** Calls f(index) for each whole vector of a row, then f with a lane count for what is left. */
template <typename F>
inline void overRow(int64_t length, F&& f) {
  int64_t i = 0;
  for (; i + kLanes <= length; i += kLanes) f(i, int64_t{kLanes});
  if (i < length) f(i, length - i);
}

/** y = x · r · gain with r = 1/√(mean x² + ε) (Zhang & Sennrich 2019). Writes y and r. Unit: one row. */
inline void rmsNorm(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  const float* gain = arguments.floats();
  float* y = arguments.floats();
  float* inverseRms = arguments.floats();
  const int64_t length = arguments.count();
  const float epsilon = arguments.number();
  for (int64_t row = begin; row < end; row++) {
    const float* from = x + row * length;
    float* to = y + row * length;
    Floats sum{};
    overRow(length, [&](int64_t i, int64_t count) {
      const Floats value = loadUpTo(from + i, count);
      sum += value * value;
    });
    const float inverse = 1.0f / std::sqrt(sumOf(sum) / static_cast<float>(length) + epsilon);
    inverseRms[row] = inverse;
    overRow(length, [&](int64_t i, int64_t count) {
      storeUpTo(to + i, loadUpTo(from + i, count) * inverse * loadUpTo(gain + i, count), count);
    });
  }
}

/** dx = r·(dy·gain − x·r²·mean(dy·gain·x)). Unit: one row. */
inline void rmsNormGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dy = arguments.floats();
  const float* x = arguments.floats();
  const float* gain = arguments.floats();
  const float* inverseRms = arguments.floats();
  float* dx = arguments.floats();
  const int64_t length = arguments.count();
  for (int64_t row = begin; row < end; row++) {
    const float* dys = dy + row * length;
    const float* xs = x + row * length;
    float* to = dx + row * length;
    Floats sum{};
    overRow(length, [&](int64_t i, int64_t count) {
      sum += loadUpTo(dys + i, count) * loadUpTo(gain + i, count) * loadUpTo(xs + i, count);
    });
    const float inverse = inverseRms[row];
    const float factor = sumOf(sum) / static_cast<float>(length) * inverse * inverse;
    overRow(length, [&](int64_t i, int64_t count) {
      const Floats along = loadUpTo(xs + i, count) * factor;
      storeUpTo(to + i, (loadUpTo(dys + i, count) * loadUpTo(gain + i, count) - along) * inverse, count);
    });
  }
}

/** dgain = Σ over rows of dy·x·r. Unit: 4 columns. */
inline void rmsNormGainGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dy = arguments.floats();
  const float* x = arguments.floats();
  const float* inverseRms = arguments.floats();
  float* dgain = arguments.floats();
  const int64_t rows = arguments.count();
  const int64_t length = arguments.count();
  const int64_t last = least(end * 4, length);
  for (int64_t first = begin * 4; first < last; first += 4 * kLanes) {
    const int64_t columns = least<int64_t>(4 * kLanes, last - first);
    float sums[4 * kLanes] = {};
    for (int64_t row = 0; row < rows; row++) {
      const float* dys = dy + row * length + first;
      const float* xs = x + row * length + first;
      const float inverse = inverseRms[row];
      for (int64_t i = 0; i < columns; i++) sums[i] += dys[i] * xs[i] * inverse;
    }
    memcpy(dgain + first, sums, columns * sizeof(float));
  }
}

/**
 * Rotary position embedding, rotate-half layout (Su et al. 2021, as in the Hugging Face Llama code):
 * (y₁, y₂) = (x₁·cos − x₂·sin, x₂·cos + x₁·sin) on the two halves of the head dimension of x [B, T, H, K].
 * A direction of −1 rotates back. Unit: one (batch, time).
 */
inline void rope(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  const float* cos = arguments.floats();
  const float* sin = arguments.floats();
  float* y = arguments.floats();
  const int64_t time = arguments.count();
  const int64_t heads = arguments.count();
  const int64_t half = arguments.count();
  const float direction = arguments.number();
  for (int64_t unit = begin; unit < end; unit++) {
    const float* cosines = cos + unit % time * half;
    const float* sines = sin + unit % time * half;
    for (int64_t head = 0; head < heads; head++) {
      const float* from = x + (unit * heads + head) * 2 * half;
      float* to = y + (unit * heads + head) * 2 * half;
      overRow(half, [&](int64_t i, int64_t count) {
        const Floats x1 = loadUpTo(from + i, count);
        const Floats x2 = loadUpTo(from + half + i, count);
        const Floats c = loadUpTo(cosines + i, count);
        const Floats s = loadUpTo(sines + i, count) * direction;
        storeUpTo(to + i, x1 * c - x2 * s, count);
        storeUpTo(to + half + i, x2 * c + x1 * s, count);
      });
    }
  }
}

}  // namespace SMOL_SET
}  // namespace smol
