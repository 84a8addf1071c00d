// Matrix products C[rows, columns] = A[rows, depth] · B[depth, columns], for stacks of matrices.
// The smaller operand is packed once, by all threads; the larger one is packed block by block by the thread that needs the block,
// so that it never exists twice. The inner dimension is cut at fixed places, and a tile of C belongs to one thread:
// results do not depend on the number of threads.
#pragma once

#include "kernel.h"
#include "panels.h"
#include "scratch.h"

namespace smol {
namespace SMOL_SET {

/** Words of the inner dimension in one pass: a panel of B (36 KiB with AVX-512) then fits the first-level cache. */
constexpr int64_t kPassWords = 192;
/** Rows of A in one unit of work: packed, they fit the second-level cache. */
constexpr int64_t kBlockRows = 96;
/** Lanes of A that are packed together. */
constexpr int64_t kRowGroup = kPanelRows < kLanes ? kLanes : kPanelRows;

/** Strides of one operand of a stack; a batch stride of 0 repeats one matrix. */
struct Stack {
  const float* at;
  int64_t depthStride;
  int64_t laneStride;
  int64_t batchStride;

  explicit Stack(Arguments& arguments)
      : at(arguments.floats()),
        depthStride(arguments.count()),
        laneStride(arguments.count()),
        batchStride(arguments.count()) {}

  /** The operand of one batch from a lane and a step on. */
  Operand from(int64_t batch, int64_t lane, int64_t step) const {
    return {at + batch * batchStride + lane * laneStride + step * depthStride, depthStride, laneStride};
  }
};

/** Unit: the lanes of one group (A) or panel (B) of one matrix. */
template <typename Precision, int kWidth>
void packStack(int64_t begin, int64_t end, Arguments arguments) {
  constexpr int64_t kGroup = kWidth < kLanes ? kLanes : kWidth;
  const Stack source(arguments);
  uint32_t* packed = arguments.words();
  const int64_t lanes = arguments.count();
  const int64_t depth = arguments.count();
  const int64_t groups = roundUp(lanes, kGroup) / kGroup;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t lane = unit % groups * kGroup;
    uint32_t* panels = packed + unit * kGroup * wordsOf<Precision>(depth);
    packPanels<Precision, kWidth>(source.from(unit / groups, lane, 0), panels, least(kGroup, lanes - lane), depth);
  }
}

/** What both products are given after their operands. */
struct Sizes {
  float* c;
  int64_t rows;
  int64_t columns;
  int64_t depth;
  /** Batches of the packed operand: 1 when all products share it. */
  int64_t packedBatches;
  /** Add to C: this is not the first part of the inner dimension. */
  bool accumulate;

  explicit Sizes(Arguments& arguments)
      : c(arguments.floats()),
        rows(arguments.count()),
        columns(arguments.count()),
        depth(arguments.count()),
        packedBatches(arguments.count()),
        accumulate(arguments.flag()) {}
};

/** B is packed. Unit: a block of rows of one product. */
template <typename Precision>
void multiplyRows(int64_t begin, int64_t end, Arguments arguments) {
  const Stack a(arguments);
  const uint32_t* packed = arguments.words();
  const Sizes sizes(arguments);
  const int64_t blocks = roundUp(sizes.rows, kBlockRows) / kBlockRows;
  const int64_t panels = roundUp(sizes.columns, kPanelColumns) / kPanelColumns;
  const int64_t words = wordsOf<Precision>(sizes.depth);
  // Rows whose steps lie side by side are read as they lie, in f32 from where they are; the others, and what is left over, are packed.
  const bool alongRows = a.depthStride == 1;
  const int64_t roundedWords = Precision::kSteps == 1 || !alongRows ? 0 : kBlockRows * kPassWords;
  uint32_t* rounded = static_cast<uint32_t*>(
      threadScratch().reserve((roundedWords + kBlockRows * kPassWords) * sizeof(uint32_t)));
  uint32_t* rowPanels = rounded + roundedWords;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t batch = unit / blocks;
    const int64_t row = unit % blocks * kBlockRows;
    const int64_t count = least(kBlockRows, sizes.rows - row);
    const uint32_t* b = packed + (sizes.packedBatches == 1 ? 0 : batch) * panels * words * kPanelColumns;
    float* c = sizes.c + (batch * sizes.rows + row) * sizes.columns;
    for (int64_t word = 0; word < words; word += kPassWords) {
      const int64_t pass = least(kPassWords, words - word);
      const int64_t step = word * Precision::kSteps;
      const int64_t steps = least(pass * Precision::kSteps, sizes.depth - step);
      const int64_t plainRows = alongRows ? count / kPanelRows * kPanelRows : 0;
      PlainRows plain{a.from(batch, row, step).at, a.laneStride};
      if (roundedWords > 0) {
        for (int64_t i = 0; i < plainRows; i++) roundRow(plain.at + i * a.laneStride, rounded + i * pass, steps);
        plain = {reinterpret_cast<const float*>(rounded), pass};
      }
      packPanels<Precision, kPanelRows>(a.from(batch, row + plainRows, step), rowPanels, count - plainRows, steps);
      for (int64_t panel = 0; panel < panels; panel++) {
        const int64_t column = panel * kPanelColumns;
        const int64_t wide = least<int64_t>(kPanelColumns, sizes.columns - column);
        const uint32_t* columns = b + (panel * words + word) * kPanelColumns;
        const auto multiply = [&](auto rows, int64_t i) {
          multiplyTile<Precision>(rows, columns, pass, c + i * sizes.columns + column, sizes.columns,
                                  sizes.accumulate || word > 0, least<int64_t>(kPanelRows, count - i), wide);
        };
        for (int64_t i = 0; i < plainRows; i += kPanelRows)
          multiply(plain.from(i), i);
        for (int64_t i = plainRows; i < count; i += kPanelRows)
          multiply(PackedRows{rowPanels + (i - plainRows) * pass}, i);
      }
    }
  }
}

/** A is packed. Unit: a panel of columns of one product. */
template <typename Precision>
void multiplyColumns(int64_t begin, int64_t end, Arguments arguments) {
  const Stack b(arguments);
  const uint32_t* packed = arguments.words();
  const Sizes sizes(arguments);
  const int64_t panels = roundUp(sizes.columns, kPanelColumns) / kPanelColumns;
  const int64_t words = wordsOf<Precision>(sizes.depth);
  const int64_t packedRows = roundUp(sizes.rows, kRowGroup);
  uint32_t* columnPanel =
      static_cast<uint32_t*>(threadScratch().reserve(kPanelColumns * kPassWords * sizeof(uint32_t)));
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t batch = unit / panels;
    const int64_t column = unit % panels * kPanelColumns;
    const int64_t wide = least<int64_t>(kPanelColumns, sizes.columns - column);
    const uint32_t* a = packed + (sizes.packedBatches == 1 ? 0 : batch) * packedRows * words;
    float* c = sizes.c + batch * sizes.rows * sizes.columns + column;
    for (int64_t word = 0; word < words; word += kPassWords) {
      const int64_t pass = least(kPassWords, words - word);
      const int64_t step = word * Precision::kSteps;
      const int64_t steps = least(pass * Precision::kSteps, sizes.depth - step);
      packPanels<Precision, kPanelColumns>(b.from(batch, column, step), columnPanel, wide, steps);
      for (int64_t row = 0; row < sizes.rows; row += kPanelRows)
        multiplyTile<Precision>(PackedRows{a + row * words + word * kPanelRows}, columnPanel, pass, c + row * sizes.columns,
                                sizes.columns, sizes.accumulate || word > 0, least<int64_t>(kPanelRows, sizes.rows - row), wide);
    }
  }
}

/** Rows of C in one unit of a deep product: with as many steps as a pass they fit the second-level cache. */
constexpr int64_t kDeepRows = 512;

/** A[depth, rows]ᵀ·B[depth, columns], cut into parts of the inner dimension. */
struct DeepProduct {
  const float* a;
  const float* b;
  /** [parts, rows, columns] */
  float* c;
  int64_t rows, columns, depth, partSteps;

  explicit DeepProduct(Arguments& arguments)
      : a(arguments.floats()),
        b(arguments.floats()),
        c(arguments.floats()),
        rows(arguments.count()),
        columns(arguments.count()),
        depth(arguments.count()),
        partSteps(arguments.count()) {}

  int64_t blocks() const { return roundUp(rows, kDeepRows) / kDeepRows; }
};

/** Some rows of C (+)= the product over the steps of one pass; B is packed a panel at a time, A only where it must be. */
template <typename Precision>
inline void multiplyPass(const DeepProduct& product, int64_t row, int64_t count, int64_t step, int64_t steps, float* c,
                         bool accumulate, uint32_t* columnPanel, uint32_t* rowPanels) {
  const int64_t columns = product.columns;
  const int64_t words = wordsOf<Precision>(steps);
  const Operand lanes{product.a + step * product.rows + row, product.rows, 1};
  if (rowPanels != nullptr) packPanels<Precision, kPanelRows>(lanes, rowPanels, count, steps);
  for (int64_t column = 0; column < columns; column += kPanelColumns) {
    const int64_t wide = least<int64_t>(kPanelColumns, columns - column);
    packPanels<Precision, kPanelColumns>({product.b + step * columns + column, columns, 1}, columnPanel, wide, steps);
    for (int64_t i = 0; i < count; i += kPanelRows) {
      const int64_t high = least<int64_t>(kPanelRows, count - i);
      const auto multiply = [&](auto rows) {
        multiplyTile<Precision>(rows, columnPanel, words, c + i * columns + column, columns, accumulate, high, wide);
      };
      if (rowPanels != nullptr)
        multiply(PackedRows{rowPanels + i * words});
      else
        multiply(StridedRows{lanes.at + i, product.rows});
    }
  }
}

/**
 * The product of every part, for operands whose lanes lie side by side: gradients of weights, which are small and deep.
 * Nothing is packed as a whole; a part is cut into equal passes. Unit: a block of rows of one part.
 */
template <typename Precision>
void multiplyDeep(int64_t begin, int64_t end, Arguments arguments) {
  const DeepProduct product(arguments);
  const int64_t panelWords = kPanelColumns * kPassWords;
  const bool packs = Precision::kSteps == 2 || product.rows % kPanelRows != 0;
  uint32_t* columnPanel = static_cast<uint32_t*>(
      threadScratch().reserve((panelWords + (packs ? kDeepRows * kPassWords : 0)) * sizeof(uint32_t)));
  uint32_t* rowPanels = packs ? columnPanel + panelWords : nullptr;
  for (int64_t unit = begin; unit < end; unit++) {
    const int64_t part = unit / product.blocks();
    const int64_t row = unit % product.blocks() * kDeepRows;
    const int64_t first = part * product.partSteps;
    const int64_t last = least(first + product.partSteps, product.depth);
    const int64_t words = wordsOf<Precision>(last - first);
    const int64_t passes = roundUp(words, kPassWords) / kPassWords;
    for (int64_t pass = 0; pass < passes; pass++) {
      const int64_t from = first + words * pass / passes * Precision::kSteps;
      const int64_t to = least(last, first + words * (pass + 1) / passes * Precision::kSteps);
      multiplyPass<Precision>(product, row, least(kDeepRows, product.rows - row), from, to - from,
                              product.c + (part * product.rows + row) * product.columns, pass > 0, columnPanel, rowPanels);
    }
  }
}

/** Rows a product with vectors may have. */
constexpr int kMostVectors = 4;

template <int kRows>
inline void dotProducts(const float* x, int64_t depth, const float* weight, float* y, int64_t stride) {
  Floats sums[kRows][2] = {};
  int64_t k = 0;
  for (; k + 2 * kLanes <= depth; k += 2 * kLanes) {
    const Floats first = load(weight + k);
    const Floats second = load(weight + k + kLanes);
    for (int row = 0; row < kRows; row++) {
      sums[row][0] += load(x + row * depth + k) * first;
      sums[row][1] += load(x + row * depth + k + kLanes) * second;
    }
  }
  for (; k < depth; k += kLanes) {
    const int64_t left = least<int64_t>(kLanes, depth - k);
    const Floats last = loadFirst(weight + k, left, 0);
    for (int row = 0; row < kRows; row++) sums[row][0] += loadFirst(x + row * depth + k, left, 0) * last;
  }
  for (int row = 0; row < kRows; row++) y[row * stride] = sumOf(sums[row][0] + sums[row][1]);
}

/** y[row, column] = x[row] · weight[column] for at most four rows, nothing packed. Unit: one column. */
inline void multiplyVectors(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  const float* x = arguments.floats();
  const float* weight = arguments.floats();
  float* y = arguments.floats();
  const int64_t rows = arguments.count();
  const int64_t columns = arguments.count();
  const int64_t depth = arguments.count();
  for (int64_t column = begin; column < end; column++) {
    const float* w = weight + column * depth;
    float* to = y + column;
    if (rows == 1) dotProducts<1>(x, depth, w, to, columns);
    if (rows == 2) dotProducts<2>(x, depth, w, to, columns);
    if (rows == 3) dotProducts<3>(x, depth, w, to, columns);
    if (rows == 4) dotProducts<4>(x, depth, w, to, columns);
  }
}

/** The loops above, with a first argument that is true for bfloat16 operands. */
template <template <typename> class Product>
inline void withPrecision(int64_t begin, int64_t end, const double* values) {
  Arguments arguments(values);
  if (arguments.flag())
    Product<Brain16>::run(begin, end, arguments);
  else
    Product<SinglePrecision>::run(begin, end, arguments);
}

template <typename Precision>
struct PackA {
  static void run(int64_t begin, int64_t end, Arguments a) { packStack<Precision, kPanelRows>(begin, end, a); }
};
template <typename Precision>
struct PackB {
  static void run(int64_t begin, int64_t end, Arguments a) { packStack<Precision, kPanelColumns>(begin, end, a); }
};
template <typename Precision>
struct Rows {
  static void run(int64_t begin, int64_t end, Arguments a) { multiplyRows<Precision>(begin, end, a); }
};
template <typename Precision>
struct Deep {
  static void run(int64_t begin, int64_t end, Arguments a) { multiplyDeep<Precision>(begin, end, a); }
};
template <typename Precision>
struct Columns {
  static void run(int64_t begin, int64_t end, Arguments a) { multiplyColumns<Precision>(begin, end, a); }
};

}  // namespace SMOL_SET
}  // namespace smol
