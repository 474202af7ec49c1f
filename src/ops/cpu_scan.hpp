// SPDX-License-Identifier: MIT
// The scan by the CPU kernels (kernels/scan/cpu), threads from LibTorch's pool. The environment variable STG_SCAN_ISA
// (portable, avx2 or avx512) picks another build of them than the best for this machine.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

std::vector<ScanOutput> cpu_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches);

}  // namespace stgmamba::ops
