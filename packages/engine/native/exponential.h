// e^x within 2 units in the last place, as straight-line code that works on one float or on a vector of them.
// x = n·ln2 + r with |r| ≤ ln2/2 and e^x = 2^n·e^r. ln2 is split in two so that n·(high part) is exact.
// e^r = 1 + r + r²·P(r); P is the minimax polynomial of degree 4 (relative error of e^r below 2⁻²⁸).
// n is rounded by adding 1.5·2²³: then the low bits of the sum are n, ready to be added to the exponent of e^r.
#pragma once

#include "vector.h"

namespace smol {
namespace SMOL_SET {

/** e^x; infinite on overflow, 0 where the result would be subnormal, NaN for NaN. */
inline Floats exponential(Floats x) {
  const float round = 12582912.0f;
  const Floats shifted = x * 1.4426950408889634f + round;
  const Floats n = shifted - round;
  const Floats r = (x - n * 0.693359375f) + n * 2.1219444e-4f;
  Floats p = r * 0.001381459878757596f + 0.008368716575205326f;
  p = p * r + 0.04166838899254799f;
  p = p * r + 0.1666652113199234f;
  p = p * r + 0.4999999403953552f;
  p = (p * r) * r + r + 1.0f;
  const Ints scaled = (Ints)p + ((Ints)shifted << 23);
  const Floats flushed = x < -87.3365447f ? splat(0) : (Floats)scaled;
  const Floats bounded = x > 88.7228394f ? splat(__builtin_inff()) : flushed;
  return x == x ? bounded : x;
}

/** 1 / (1 + e^-x) */
inline Floats sigmoid(Floats x) { return 1.0f / (1.0f + exponential(-x)); }

/** tanh x = 1 - 2 / (e^2x + 1) */
inline Floats hyperbolicTangent(Floats x) { return 1.0f - 2.0f / (exponential(x + x) + 1.0f); }

}  // namespace SMOL_SET
}  // namespace smol
