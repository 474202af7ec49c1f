// SPDX-License-Identifier: MIT
// The CPU selective scan: every branch of a problem in one call.
//
// Results do not depend on how many threads run: work is cut into pieces by the shapes alone, and the pieces' sums are
// added in a fixed order. Denormals count as zero inside and the caller's floating-point mode is restored.
#pragma once

#include <cstdint>
#include <functional>

#include "scan/cpu/isa.hpp"
#include "scan/problem.hpp"

namespace stgmamba::kernels {

/// Calls body(begin, end) on disjoint ranges that cover [0, count), from as many threads as the caller likes. The
/// kernels use it to get threads: whichever is free takes the next piece of work.
using ParallelFor =
    std::function<void(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body)>;

struct CpuRun {
  ParallelFor parallel;      // empty: the calling thread does it all
  Isa isa = Isa::kPortable;  // chosen_isa() for the fastest
  std::int64_t chunk = 0;    // steps worked on at a time; 0: as fits the caches (tests set it)
};

/// Overwrites y (and last) of every branch.
void scan_forward(const ScanForward& problem, const CpuRun& run);
/// Overwrites d_u and every gradient of every branch. Rows of d_b, d_c and d_delta outside the branch's path are left.
void scan_backward(const ScanBackward& problem, const CpuRun& run);

}  // namespace stgmamba::kernels
