// SPDX-License-Identifier: MIT
// Float problems of very few channels, run in double precision.
#pragma once

#include "scan/cpu/scan.hpp"

namespace stgmamba::kernels {

/// Fewer than a vector of doubles holds: most lanes would idle, and d_a has so few numbers that each may be the small
/// rest of a long sum that cancels, which float states do not hold to 2e-6 of it.
inline constexpr std::int64_t kNarrowChannels = 4;

inline bool is_narrow(const ScanBackward& problem) {
  return problem.io == Scalar::kFloat32 && problem.channels < kNarrowChannels;
}

/// scan_backward on copies in double, its results rounded to float.
void scan_narrow_backward(const ScanBackward& problem, const CpuRun& run);

}  // namespace stgmamba::kernels
