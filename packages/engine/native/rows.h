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

/**
 * dx = r·(dy·gain − x·r²·mean(dy·gain·x)), and for each block of rows dgain = Σ over its rows of dy·x·r, [blocks, length]: the
 * blocks are added afterwards, in their order. Unit: a block of rows.
 */
inline void rmsNormGradient(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* dy = arguments.floats();
  const float* x = arguments.floats();
  const float* gain = arguments.floats();
  const float* inverseRms = arguments.floats();
  float* dx = arguments.floats();
  float* dgainBlocks = arguments.floats();
  const int64_t rows = arguments.count();
  const int64_t length = arguments.count();
  const int64_t blockRows = arguments.count();
  for (int64_t block = begin; block < end; block++) {
    float* dgain = dgainBlocks + block * length;
    memset(dgain, 0, length * sizeof(float));
    for (int64_t row = block * blockRows; row < least(rows, (block + 1) * blockRows); row++) {
      const float* dys = dy + row * length;
      const float* xs = x + row * length;
      float* to = dx + row * length;
      const float inverse = inverseRms[row];
      Floats sum{};
      overRow(length, [&](int64_t i, int64_t count) {
        const Floats product = loadUpTo(dys + i, count) * loadUpTo(xs + i, count);
        sum += product * loadUpTo(gain + i, count);
        storeUpTo(dgain + i, loadUpTo(dgain + i, count) + product * inverse, count);
      });
      const float factor = sumOf(sum) / static_cast<float>(length) * inverse * inverse;
      overRow(length, [&](int64_t i, int64_t count) {
        const Floats along = loadUpTo(xs + i, count) * factor;
        storeUpTo(to + i, (loadUpTo(dys + i, count) * loadUpTo(gain + i, count) - along) * inverse, count);
      });
    }
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
