#include "instruction-sets.h"

namespace smol {

#if defined(__x86_64__)
namespace avx512bf16 {
extern const KernelTable kTable;
}
namespace avx512 {
extern const KernelTable kTable;
}
namespace avx2 {
extern const KernelTable kTable;
}

namespace {

bool hasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool hasAvx512() {
  return hasAvx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

bool canRun(const KernelTable* table) {
  __builtin_cpu_init();
  if (table == &avx512bf16::kTable) return hasAvx512() && __builtin_cpu_supports("avx512bf16");
  if (table == &avx512::kTable) return hasAvx512();
  return hasAvx2();
}

}  // namespace

std::vector<const KernelTable*> compiledTables() { return {&avx512bf16::kTable, &avx512::kTable, &avx2::kTable}; }

#else
namespace neon {
extern const KernelTable kTable;
}

namespace {

bool canRun(const KernelTable*) { return true; }

}  // namespace

std::vector<const KernelTable*> compiledTables() { return {&neon::kTable}; }
#endif

const KernelTable* chooseTable(const std::string& name) {
  for (const KernelTable* table : compiledTables())
    if ((name.empty() || name == table->instructionSet) && canRun(table)) return table;
  return nullptr;
}

}  // namespace smol
