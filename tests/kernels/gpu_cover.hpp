// SPDX-License-Identifier: MIT
// The cases every device must pass: lengths around every tile, widths around every block.
#pragma once

#include <vector>

#include "emulation/grid.hpp"
#include "kernels/gpu_case.hpp"

namespace stgmamba::kernels::test {

struct CoverCase {
  GpuShape shape;
  emulation::ThreadOrder order = emulation::ThreadOrder::kForward;
};

/// Every pair of values of any two of: length, channels, states, type, thread order, scanned axis, batch, strides, h0.
std::vector<CoverCase> pairwise_cover();
/// Every combination of length, channels, states and type for one thread order; the rest varies along.
std::vector<CoverCase> full_product(Scalar io, emulation::ThreadOrder order);

}  // namespace stgmamba::kernels::test
