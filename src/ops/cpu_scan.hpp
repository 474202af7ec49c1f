// SPDX-License-Identifier: MIT
// The CPU kernels (kernels/scan/cpu, kernels/block/cpu), threads from LibTorch's pool. The environment variable
// STG_SCAN_ISA (portable, avx2 or avx512) picks another build of them than the best for this machine.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

#include "scan/cpu/scan.hpp"

namespace stgmamba::ops {

/// LibTorch's threads, and the instruction set chosen for this machine.
kernels::CpuRun how_to_run();
/// Whether an op around the scan takes its CPU kernel, or is composed of ATen ops.
bool fused_on_cpu(const at::Tensor& u, ScanBackend backend);

std::vector<ScanOutput> cpu_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches);

}  // namespace stgmamba::ops
