// SPDX-License-Identifier: MIT
// Autograd around kernels that take a whole ScanForward or ScanBackward: the same for every device.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

#include "scan/problem.hpp"

namespace stgmamba::ops {

/// The kernels of one device. Pointers inside the problems are on that device.
struct KernelLaunch {
  void (*forward)(const kernels::ScanForward& problem);
  void (*backward)(const kernels::ScanBackward& problem);
};

/// Runs the branches over u [B, F, V, D], up to kernels::kMaxBranches of the same N in one call. Operands are read
/// where they lie if a token is one row of a fixed stride (x_proj's narrow views are); others are copied first.
/// `launch` must outlive every graph made here.
std::vector<ScanOutput> kernel_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches,
                                    const KernelLaunch& launch);

}  // namespace stgmamba::ops
