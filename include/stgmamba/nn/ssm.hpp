// SPDX-License-Identifier: MIT
// The selective state space layer around one scan: x_proj -> (delta, B, C), dt_proj, A = -exp(A_log), skip D.
// Initialised as Mamba (state-spaces/mamba, modules/mamba_simple.py). No inner gate and no inner convolution: the STGM
// block has both.
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/pimpl.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::nn {

class SsmImpl : public torch::nn::Module {
 public:
  /// `model_width` d sets dt_rank = ceil(d / 16); `width` D are the scan's channels, `states` N.
  SsmImpl(std::int64_t model_width, std::int64_t width, std::int64_t states);
  /// The operands of a scan from projected = x_proj's (delta, B, C) of every token [B, F, V, rank + 2 N]; the caller
  /// picks axis, direction and order. `backend` is that of delta's projection (ops::low_rank).
  ops::ScanBranch branch(const torch::Tensor& projected, ops::ScanBackend backend = ops::ScanBackend::kAuto);
  const torch::Tensor& projection() const { return x_proj_->weight; }  // [rank + 2 N, D]

 private:
  std::int64_t rank_, states_;
  torch::nn::Linear x_proj_{nullptr}, dt_proj_{nullptr};
  torch::Tensor a_log_, skip_;  // [D, N], [D]
};
TORCH_MODULE(Ssm);

}  // namespace stgmamba::nn
