// SPDX-License-Identifier: MIT
// The plain-ATen scan, branch by branch: oracle, fallback and documentation of every kernel.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// Every branch over u [B, F, V, D]; see ops/selective_scan.hpp.
std::vector<ScanOutput> reference_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches);

}  // namespace stgmamba::ops
