// SPDX-License-Identifier: MIT
// Which build of the CPU kernels runs: all are compiled from one source, and the machine picks when the program runs.
#pragma once

#include <string>
#include <vector>

namespace stgmamba::kernels {

enum class Isa { kPortable, kAvx2, kAvx512 };

const char* isa_name(Isa isa);
/// `portable`, `avx2` or `avx512`; ConfigError for another name or for one that this machine cannot run.
Isa isa_from_name(const std::string& name);
/// Those that this machine can run, slowest first.
std::vector<Isa> usable_isas();
/// The fastest of them, or what the environment variable STG_SCAN_ISA names (for tests and measurements).
Isa chosen_isa();

}  // namespace stgmamba::kernels
