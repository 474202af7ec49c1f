// SPDX-License-Identifier: MIT
// A product with a matrix of few columns: a scan's delta from its dt_rank numbers a token.
#pragma once

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

/// x [B, F, V, r] times weight [D, r] transposed -> [B, F, V, D]. Differentiable once. kAuto and kCpu take the CPU
/// kernel for r up to 32 in the CPU's memory, else ATen's product.
at::Tensor low_rank(const at::Tensor& x, const at::Tensor& weight, ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
