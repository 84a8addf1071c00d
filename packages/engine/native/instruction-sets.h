// The tables compiled into this build, and which of them this machine can run.
#pragma once

#include <string>
#include <vector>

#include "kernel.h"

namespace smol {

/** Names of all tables of this build, best first. */
std::vector<const KernelTable*> compiledTables();

/** The best table this machine can run, or the one of that name if it can run it; null when there is none. */
const KernelTable* chooseTable(const std::string& name);

}  // namespace smol
