// SPDX-License-Identifier: MIT
#include "scan/cpu/isa.hpp"

#include <cstdlib>

#include "stgmamba/util/error.hpp"

namespace stgmamba::kernels {
namespace {

constexpr Isa kAll[] = {Isa::kPortable, Isa::kAvx2, Isa::kAvx512};

/// Asks the CPU and the operating system. Every CPU with AVX2 and FMA has F16C too.
bool usable(Isa isa) {
#ifdef STG_SCAN_X86
  switch (isa) {
    case Isa::kPortable:
      return true;
    case Isa::kAvx2:
      return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    case Isa::kAvx512:
      return usable(Isa::kAvx2) && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0 &&
             __builtin_cpu_supports("avx512bw") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  }
  return false;
#else
  return isa == Isa::kPortable;
#endif
}

}  // namespace

const char* isa_name(Isa isa) {
  switch (isa) {
    case Isa::kPortable:
      return "portable";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

Isa isa_from_name(const std::string& name) {
  for (const Isa isa : kAll) {
    if (name == isa_name(isa)) {
      if (!usable(isa)) {
        throw ConfigError("STG_SCAN_ISA: this CPU cannot run the {} kernels", name);
      }
      return isa;
    }
  }
  throw ConfigError("STG_SCAN_ISA must be portable, avx2 or avx512, got '{}'", name);
}

std::vector<Isa> usable_isas() {
  std::vector<Isa> isas;
  for (const Isa isa : kAll) {
    if (usable(isa)) {
      isas.push_back(isa);
    }
  }
  return isas;
}

Isa chosen_isa() {
  const char* name = std::getenv("STG_SCAN_ISA");
  return name != nullptr && *name != '\0' ? isa_from_name(name) : usable_isas().back();
}

}  // namespace stgmamba::kernels
