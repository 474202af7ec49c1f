// SPDX-License-Identifier: MIT
// The table of one build. This and what it includes are templates over the vector type, which differs from build to
// build: a function compiled with AVX-512 flags can never stand in for one that an older CPU runs.
#pragma once

#include "scan/cpu/backward.hpp"
#include "scan/cpu/forward.hpp"

namespace stgmamba::kernels {

template <class V>
std::size_t forward_scratch(const ScanPart& part) {
  return ForwardScratch<V>(part, nullptr).bytes;
}
template <class V>
std::size_t backward_scratch(const ScanPart& part) {
  return BackwardScratch<V>(part, nullptr).bytes;
}

template <class V, class Io>
inline constexpr ScanKernels kScanKernels = {V::kLanes,           V::kRateScale,       sizeof(typename V::Scalar),
                                             forward_scratch<V>,  backward_scratch<V>, forward_task<V, Io>,
                                             backward_task<V, Io>};

}  // namespace stgmamba::kernels
