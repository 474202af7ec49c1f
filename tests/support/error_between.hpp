// SPDX-License-Identifier: MIT
#pragma once

#include <torch/torch.h>

namespace stgmamba::test {

/// Largest difference over the largest wanted value, in double.
inline double error_between(const torch::Tensor& got, const torch::Tensor& wanted) {
  const torch::Tensor w = wanted.to(torch::kDouble);
  return ((got.to(torch::kDouble) - w).abs().max() / w.abs().max().clamp_min(1e-30)).item<double>();
}

}  // namespace stgmamba::test
