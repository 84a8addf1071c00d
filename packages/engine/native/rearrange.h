// Kernels that move values without computing: transpose, gather, scatter-add.
#pragma once

#include "kernel.h"
#include "vector.h"

namespace smol {
namespace SMOL_SET {

/** y[i1, i0, i2, :] or any other order of three outer dimensions, rows of `length` kept whole. Strides of x in elements. Unit: one row of y. */
inline void permuteRows(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  float* y = arguments.floats();
  const int64_t d1 = arguments.count();
  const int64_t d2 = arguments.count();
  const int64_t length = arguments.count();
  const int64_t s0 = arguments.count();
  const int64_t s1 = arguments.count();
  const int64_t s2 = arguments.count();
  for (int64_t row = begin; row < end; row++) {
    const int64_t offset = row / d2 / d1 * s0 + row / d2 % d1 * s1 + row % d2 * s2;
    memcpy(y + row * length, x + offset, length * sizeof(float));
  }
}

/** Up to one square, any part of it. */
inline void transposePart(const float* x, float* y, int64_t xStride, int64_t yStride, int64_t rows, int64_t columns) {
  if (rows < kLanes || columns < kLanes) {
    for (int64_t column = 0; column < columns; column++)
      for (int64_t row = 0; row < rows; row++) y[column * yStride + row] = x[row * xStride + column];
    return;
  }
  Floats square[kLanes];
  for (int i = 0; i < kLanes; i++) square[i] = load(x + i * xStride);
  transpose(square);
  for (int i = 0; i < kLanes; i++) store(y + i * yStride, square[i]);
}

/** y[batch, column, row] = x[batch, row, column]. Unit: 16 rows of y (columns of x) of one batch. */
inline void transposeMatrix(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  float* y = arguments.floats();
  const int64_t rows = arguments.count();
  const int64_t columns = arguments.count();
  const int64_t groups = (columns + 15) / 16;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t matrix = unit / groups * rows * columns;
    const int64_t first = unit % groups * 16;
    const int64_t last = least(first + 16, columns);
    for (int64_t row = 0; row < rows; row += kLanes)
      for (int64_t column = first; column < last; column += kLanes)
        transposePart(x + matrix + row * columns + column, y + matrix + column * rows + row, columns, rows,
                      least<int64_t>(kLanes, rows - row), least<int64_t>(kLanes, last - column));
  }
}

/** y[outer, i, :] = x[outer, ids[i], :] with rows of `length`. Unit: one row of y. */
inline void gatherRows(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  const int32_t* ids = arguments.integers();
  float* y = arguments.floats();
  const int64_t rows = arguments.count();
  const int64_t count = arguments.count();
  const int64_t length = arguments.count();
  for (int64_t unit = begin; unit < end; unit++)
    memcpy(y + unit * length, x + (unit / count * rows + ids[unit % count]) * length, length * sizeof(float));
}

/** y[segments[i], :] += x[i, :]; rows with a segment outside 0 … segmentCount-1 are dropped. Unit: 16 columns, so no two threads meet. */
inline void scatterAddRows(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  const int32_t* segments = arguments.integers();
  float* y = arguments.floats();
  const int64_t count = arguments.count();
  const int64_t segmentCount = arguments.count();
  const int64_t length = arguments.count();
  const int64_t first = begin * 16;
  const int64_t columns = least(end * 16, length) - first;
  for (int64_t row = 0; row < segmentCount; row++) memset(y + row * length + first, 0, columns * sizeof(float));
  for (int64_t i = 0; i < count; i++) {
    const int64_t segment = segments[i];
    if (segment < 0 || segment >= segmentCount) continue;
    float* to = y + segment * length + first;
    const float* from = x + i * length + first;
    for (int64_t column = 0; column < columns; column++) to[column] += from[column];
  }
}

}  // namespace SMOL_SET
}  // namespace smol
