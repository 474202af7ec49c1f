// SPDX-License-Identifier: MIT
// The scan by the CUDA kernels (kernels/scan/gpu), on the current stream of u's device. Only in builds with CUDA.
#pragma once

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// float32, bfloat16 or float16 on a CUDA device, at most 32 states; anything else throws BugError or a c10::Error.
std::vector<ScanOutput> cuda_scan(const at::Tensor& u, const std::vector<ScanBranch>& branches);

}  // namespace stgmamba::ops
