// SPDX-License-Identifier: MIT
// What an STGM block does with its scans (paper Eq. 1): LayerNorm of every branch, times its gate, summed.
//
//   out = sum_i LayerNorm(y_i; weight_i, bias_i) silu(gate_i)
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {

struct GatedNormBranch {
  at::Tensor y;             // [B, F, V, D]
  at::Tensor weight, bias;  // [D], of the LayerNorm
};

/// Branches share gates[0] or have one each; gates [B, F, V, D] are before silu. -> [B, F, V, D]. Differentiable once.
/// kAuto takes a fused kernel where the device has one for these tensors (kCpu, kCuda: that device's), else ATen ops.
at::Tensor gated_norm(const std::vector<GatedNormBranch>& branches, const std::vector<at::Tensor>& gates,
                      double epsilon, ScanBackend backend = ScanBackend::kAuto);

}  // namespace stgmamba::ops
