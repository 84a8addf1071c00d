// What a compiled loop is, and how it reads its arguments.
#pragma once

#include <cstdint>

namespace smol {

/** Arguments of a call: numbers, and addresses as numbers (exact below 2^53). */
class Arguments {
 public:
  explicit Arguments(const double* values) : next_(values) {}
  float* floats() { return address<float>(); }
  int32_t* integers() { return address<int32_t>(); }
  double* doubles() { return address<double>(); }
  uint32_t* words() { return address<uint32_t>(); }
  int64_t count() { return static_cast<int64_t>(*next_++); }
  float number() { return static_cast<float>(*next_++); }
  bool flag() { return *next_++ != 0; }

 private:
  template <typename T>
  T* address() {
    return reinterpret_cast<T*>(static_cast<uintptr_t>(*next_++));
  }
  const double* next_;
};

/** Most arguments a loop may have. */
constexpr int kMostArguments = 32;

/** Does the units of work begin … end-1 of a call. Units write disjoint outputs, so any thread may do any of them. */
using Loop = void (*)(int64_t begin, int64_t end, const double* arguments);

struct Kernel {
  const char* name;
  Loop loop;
};

/** All kernels compiled for one instruction set. */
struct KernelTable {
  const char* instructionSet;
  /** Lanes of one packed panel of the right operand of a product, and of one tile of queries in attention. */
  int panelColumns;
  /** Rows of one packed panel of the left operand. */
  int panelRows;
  const Kernel* kernels;
  int count;
};

}  // namespace smol
