// Runs every kernel of every instruction set of this machine on odd shapes, on one thread and on three, in buffers that end where
// the heap's blocks would (at a multiple of 64 bytes), so that the sanitizers see each read and write outside of them, each
// undefined operation and each race. Also checks that three threads give the bits of one, and products against plain loops.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../instruction-sets.h"
#include "../thread-pool.h"

namespace {

using namespace smol;

/** A block of the heap with reproducible values. */
class Block {
 public:
  explicit Block(int64_t count, float scale = 1) : count_(count) {
    const size_t bytes = count == 0 ? 64 : (count * sizeof(float) + 63) / 64 * 64;
    data_.reset(static_cast<float*>(aligned_alloc(64, bytes)));
    memset(data_.get(), 0, bytes);
    static uint32_t state = 1;
    for (int64_t i = 0; i < count; i++) {
      state = state * 1664525u + 1013904223u;
      data_.get()[i] = (static_cast<float>(state >> 8) / 8388608.0f - 1) * scale;
    }
  }

  static Block integers(int64_t count, int32_t limit) {
    Block block(count);
    int32_t* values = reinterpret_cast<int32_t*>(block.data_.get());
    for (int64_t i = 0; i < count; i++) values[i] = static_cast<int32_t>(i * 7919 % limit);
    return block;
  }

  operator double() const { return static_cast<double>(reinterpret_cast<uintptr_t>(data_.get())); }
  float operator[](int64_t i) const { return data_.get()[i]; }
  std::vector<float> values() const { return std::vector<float>(data_.get(), data_.get() + count_); }

 private:
  struct Free {
    void operator()(float* data) const { free(data); }
  };
  int64_t count_;
  std::unique_ptr<float, Free> data_;
};

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  failures++;
  printf("FAILED %s\n", what.c_str());
}

class Machine {
 public:
  explicit Machine(const KernelTable* table) : table_(table) {}

  const KernelTable& table() const { return *table_; }

  void run(const std::string& name, int64_t units, const std::vector<double>& arguments) {
    for (int i = 0; i < table_->count; i++)
      if (name == table_->kernels[i].name)
        return pool_.run(table_->kernels[i].loop, units, 1, arguments.data(), static_cast<int>(arguments.size()));
    expect(false, "no kernel " + name);
  }

  /** Calls `compute` with one thread and with three; both must give the same bits. */
  std::vector<float> same(const std::string& what, const std::function<std::vector<float>()>& compute) {
    pool_.resize(1);
    const std::vector<float> alone = compute();
    pool_.resize(3);
    const std::vector<float> together = compute();
    expect(memcmp(alone.data(), together.data(), alone.size() * sizeof(float)) == 0, what + ": bits depend on threads");
    for (float value : alone)
      if (std::isnan(value)) return expect(false, what + ": NaN"), alone;
    return alone;
  }

 private:
  const KernelTable* table_;
  ThreadPool pool_;
};

int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

struct Shape {
  int64_t rows, columns, depth;
  bool transposeA, transposeB, wholeA, half;
  /** Parts of the inner dimension that are multiplied apart; 0: not as a deep product. */
  int64_t parts = 0;
};

void product(Machine& machine, const Shape& s) {
  const Block a(s.rows * s.depth), b(s.depth * s.columns), c(s.rows * s.columns), apart(s.rows * s.columns * (s.parts + 1));
  const int64_t group = s.wholeA ? machine.table().panelRows : machine.table().panelColumns;
  const int64_t lanes = s.wholeA ? s.rows : s.columns;
  const int64_t groups = roundUp(lanes, group) / group;
  const Block packed(groups * group * (s.half ? (s.depth + 1) / 2 : s.depth));
  const double aDepth = s.transposeA ? s.rows : 1, aLane = s.transposeA ? 1 : s.depth;
  const double bDepth = s.transposeB ? 1 : s.columns, bLane = s.transposeB ? s.depth : 1;
  const double half = s.half, rows = s.rows, columns = s.columns, depth = s.depth;
  const std::string name = "product " + std::to_string(s.rows) + "x" + std::to_string(s.columns) + "x" + std::to_string(s.depth);
  const auto result = machine.same(name, [&] {
    if (s.parts > 0) {
      const int64_t steps = roundUp((s.depth + s.parts - 1) / s.parts, 2), parts = (s.depth + steps - 1) / steps;
      machine.run("multiplyDeep", parts * (roundUp(s.rows, 512) / 512), {half, a, b, apart, rows, columns, depth, static_cast<double>(steps)});
      machine.run("sumColumns", roundUp(s.rows * s.columns, 16) / 16, {apart, c, static_cast<double>(parts), rows * columns});
    } else if (s.wholeA) {
      machine.run("packA", groups, {half, a, aDepth, aLane, 0, packed, rows, depth});
      machine.run("multiplyColumns", roundUp(s.columns, machine.table().panelColumns) / machine.table().panelColumns,
                  {half, b, bDepth, bLane, 0, packed, c, rows, columns, depth, 1, 0});
    } else {
      machine.run("packB", groups, {half, b, bDepth, bLane, 0, packed, columns, depth});
      machine.run("multiplyRows", roundUp(s.rows, 96) / 96,
                  {half, a, aDepth, aLane, 0, packed, c, rows, columns, depth, 1, 0});
    }
    return c.values();
  });
  for (int64_t i = 0; i < s.rows * s.columns; i += 7) {
    const int64_t row = i / s.columns, column = i % s.columns;
    double sum = 0;
    for (int64_t k = 0; k < s.depth; k++)
      sum += static_cast<double>(a[static_cast<int64_t>(row * aLane + k * aDepth)]) *
             static_cast<double>(b[static_cast<int64_t>(column * bLane + k * bDepth)]);
    const double tolerance = (s.half ? 0.02 : 1e-5) * std::sqrt(static_cast<double>(s.depth)) + 1e-6;
    if (std::fabs(result[i] - sum) > tolerance) return expect(false, name + ": wrong value");
  }
}

struct Attention {
  double batch, queries, keys, heads, groups, dimension, causal, window, cap, block;
  bool segments;
};

void attend(Machine& machine, const Attention& s) {
  const int64_t blocks = static_cast<int64_t>(std::ceil(s.queries / s.block));
  const int64_t querySize = static_cast<int64_t>(s.batch * s.queries * s.heads * s.dimension);
  const int64_t keySize = static_cast<int64_t>(s.batch * s.keys * s.groups * s.dimension);
  const int64_t units = static_cast<int64_t>(s.batch * s.groups) * blocks;
  const Block q(querySize), k(keySize), v(keySize), dy(querySize), output(querySize), dq(querySize);
  const Block statistics(static_cast<int64_t>(s.batch * s.heads * s.queries)), maxima(static_cast<int64_t>(s.batch * s.heads) * blocks);
  const Block dk(keySize * blocks), dv(keySize * blocks), sum(keySize);
  const Block ids = Block::integers(static_cast<int64_t>(s.batch * s.keys), 1);
  const double segments = s.segments ? static_cast<double>(ids) : 0;
  const std::vector<double> settings = {s.queries, s.keys, s.heads, s.groups, s.dimension, 0.3, s.causal, s.window, s.cap, s.block};
  const auto with = [&](std::vector<double> arguments, std::vector<double> rest) {
    arguments.insert(arguments.end(), settings.begin(), settings.end());
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    return arguments;
  };
  machine.same("attention", [&] {
    machine.run("attention", units, with({q, k, v, segments, output, statistics, maxima}, {}));
    return output.values();
  });
  machine.same("attention gradient", [&] {
    machine.run("attentionGradient", units,
                with({dy, q, k, v, output, statistics, segments, dq, dk, dv}, {static_cast<double>(keySize)}));
    machine.run("sumColumns", roundUp(keySize, 16) / 16, {dk, sum, static_cast<double>(blocks), static_cast<double>(keySize)});
    auto all = sum.values();
    const auto more = dq.values();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  });
}

void elementwise(Machine& machine, int64_t size) {
  const int64_t units = roundUp(size, 16) / 16;
  const Block x(size), y(size), z(size), w(size), p(size), r(size), t(size);
  for (double operation = 0; operation <= 10; operation++)
    if (operation != 2 && operation != 3)  // roots of negative numbers are NaN
      machine.same("unary", [&] { return machine.run("unary", units, {operation, x, y}), y.values(); });
  for (double operation = 0; operation <= 5; operation++) {
    machine.same("binary", [&] { return machine.run("binary", units, {operation, x, z, y}), y.values(); });
    machine.same("broadcast", [&] {
      machine.run("binaryBroadcast", size, {operation, x, z, y, 1, static_cast<double>(size), 1, 0, 0, 1, 0, 0, 0, 0, 0});
      return y.values();
    });
  }
  machine.same("swiglu", [&] { return machine.run("swiglu", units, {x, z, y}), y.values(); });
  machine.same("swigluGradient", [&] { return machine.run("swigluGradient", units, {x, z, w, y, p}), y.values(); });
  const Block squares(size);
  machine.run("unary", units, {1, x, squares});
  machine.same("adamw", [&] {
    machine.run("adamw", units, {x, y, squares, z, p, r, t, 0.001, 0.9, 0.95, 0.1, 0.05, 1e-8, 0.99, 0.5, 0.5});
    return p.values();
  });
}

void rowKernels(Machine& machine, int64_t rows, int64_t length) {
  const double n = static_cast<double>(length), count = static_cast<double>(rows);
  const Block x(rows * length), y(rows * length), dy(rows * length), gain(length), dgain(length), r(rows), loss(rows), sums(rows);
  const Block targets = Block::integers(rows, static_cast<int32_t>(length));
  machine.same("rmsNorm", [&] { return machine.run("rmsNorm", rows, {x, gain, y, r, n, 1e-6}), y.values(); });
  const Block gains(roundUp(rows, 3) / 3 * length);
  const auto differentiate = [&] { machine.run("rmsNormGradient", roundUp(rows, 3) / 3, {dy, x, gain, r, y, gains, count, n, 3}); };
  machine.same("rmsNormGradient", [&] { return differentiate(), y.values(); });
  machine.same("gain", [&] { return differentiate(), gains.values(); });
  machine.same("softmax", [&] { return machine.run("softmaxRows", rows, {x, y, n}), y.values(); });
  machine.same("crossEntropy", [&] { return machine.run("crossEntropy", rows, {x, targets, loss, sums, n, -100, 1e-4}), loss.values(); });
  machine.same("crossEntropyGradient", [&] {
    machine.run("crossEntropyGradient", rows, {loss, x, targets, sums, y, n, -100, 1e-4});
    return y.values();
  });
  const Block logs(rows, 0.5f);
  machine.same("softCrossEntropy", [&] { return machine.run("softCrossEntropy", rows, {x, dy, loss, sums, n, 1e-4}), loss.values(); });
  machine.same("softCrossEntropyGradient", [&] {
    machine.run("softCrossEntropyGradient", rows, {loss, x, dy, sums, y, n, 1e-4});
    return y.values();
  });
  machine.same("sparseCrossEntropy", [&] {
    machine.run("sparseCrossEntropy", rows, {x, targets, logs, loss, sums, n, 1, 1e-4});
    return loss.values();
  });
  machine.same("sparseCrossEntropyGradient", [&] {
    machine.run("sparseCrossEntropyGradient", rows, {loss, x, targets, logs, sums, y, n, 1, 1e-4});
    return y.values();
  });
  machine.same("sumRows", [&] { return machine.run("sumRows", rows, {x, r, n}), r.values(); });
  machine.same("sumColumns", [&] { return machine.run("sumColumns", roundUp(length, 16) / 16, {x, dgain, count, n}), dgain.values(); });
  const int64_t blocks = roundUp(rows * length, 4096) / 4096;
  const Block partial(2 * blocks), total(1);
  machine.same("squaredNorm", [&] {
    machine.run("squareBlocks", blocks, {x, partial, count * n});
    machine.run("sumPartials", 1, {partial, total, static_cast<double>(blocks)});
    return total.values();
  });
  machine.same("transpose", [&] { return machine.run("transposeMatrix", roundUp(length, 16) / 16, {x, y, count, n}), y.values(); });
  machine.same("permute", [&] { return machine.run("permuteRows", rows, {x, y, 1, count, n, 0, 0, n}), y.values(); });
  const Block ids = Block::integers(rows, static_cast<int32_t>(rows));
  machine.same("gather", [&] { return machine.run("gatherRows", rows, {x, ids, y, count, count, n}), y.values(); });
  machine.same("scatter", [&] { return machine.run("scatterAddRows", roundUp(length, 16) / 16, {x, ids, y, count, count, n}), y.values(); });
  const int64_t half = (length + 1) / 2;
  const Block turned(rows * half * 2), cos(rows * half), sin(rows * half), out(rows * half * 2);
  machine.same("rope", [&] { return machine.run("rope", rows, {turned, cos, sin, out, count, 1, static_cast<double>(half), -1}), out.values(); });
  const Block vectors(4 * length), dots(4 * rows);
  for (double few = 1; few <= 4; few++)
    machine.same("vectors", [&] { return machine.run("multiplyVectors", rows, {vectors, x, dots, few, count, n}), dots.values(); });
}

}  // namespace

int main() {
  for (const KernelTable* compiled : compiledTables()) {
    const KernelTable* table = chooseTable(compiled->instructionSet);
    if (table == nullptr) {
      printf("%s: not on this machine\n", compiled->instructionSet);
      continue;
    }
    Machine machine(table);
    for (const auto& [rows, columns, depth] : std::vector<std::array<int64_t, 3>>{
             {1, 1, 1}, {7, 5, 3}, {97, 49, 33}, {16, 48, 192}, {200, 145, 193}, {5, 300, 401}, {300, 17, 770}})
      for (int flags = 0; flags < 16; flags++)
        product(machine, {rows, columns, depth, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0});
    for (const auto& [rows, columns, depth] : std::vector<std::array<int64_t, 3>>{
             {1, 1, 1}, {8, 48, 192}, {97, 49, 33}, {64, 128, 1201}, {520, 33, 800}})
      for (int flags = 0; flags < 4; flags++)
        product(machine, {rows, columns, depth, true, false, false, (flags & 1) != 0, (flags & 2) != 0 ? 3 : 1});
    attend(machine, {1, 1, 1, 1, 1, 1, 1, 0, 0, 1, false});
    attend(machine, {2, 70, 70, 4, 2, 20, 1, 0, 0, 33, true});
    attend(machine, {1, 300, 300, 3, 1, 64, 1, 0, 0, 240, false});
    attend(machine, {1, 5, 290, 6, 3, 33, 1, 17, 5, 5, true});
    attend(machine, {2, 60, 270, 2, 2, 50, 0, 0, 0, 60, false});
    for (int64_t size : {1, 16, 17, 1000}) elementwise(machine, size);
    rowKernels(machine, 1, 1);
    rowKernels(machine, 13, 37);
    rowKernels(machine, 100, 64);
    printf("%s: done\n", table->instructionSet);
  }
  printf("%d failed\n", failures);
  return failures == 0 ? 0 : 1;
}
